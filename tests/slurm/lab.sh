#!/bin/bash
# A real Slurm of its own on the loopback interface: slurmctld, munged and several slurmd in a private
# folder on free ports, as root or as an ordinary user. Any number of labs run side by side.
#
# usage: lab.sh start FOLDER [NODES [CPUS]]   default: 4 nodes of 8 CPUs (of which the machine may have less)
#        lab.sh stop FOLDER                   ends daemons and jobs, removes the folder
#        lab.sh wait-queue FOLDER [SECONDS]   until no job is pending or running
#        lab.sh stop-controller FOLDER        squeue and sbatch find nobody
#        lab.sh start-controller FOLDER       with the jobs that it had
#        lab.sh configure FOLDER LINE…        other lines of slurm.conf; the controller starts again
#        lab.sh kill-node FOLDER NODE         the node dies, with the jobs on it, and Slurm knows
#        lab.sh start-node FOLDER NODE        it is back
#        lab.sh environment FOLDER            what to `eval` for commands that use the lab
# Or source it and call lab_start, lab_stop, lab_wait_queue, …; lab_start exports the environment then.
#
# LAB_CONF holds further lines of slurm.conf, which replace those of the same name. LAB_OWNER is a
# process with whose end the lab stops by itself: by default bats, or else who called.
#
# In FOLDER: slurm.conf, log/, home/ (ROWBUILD_HOME, with a clusters.toml that knows the cluster `lab`).
# Every node has this machine's host name; what tells them apart inside a job is SLURMD_NODENAME.
# shellcheck shell=bash

lab_complain() {
    echo "lab: $*" >&2
    return 1
}

lab_start() {
    local folder=$1 nodes=${2:-4} cpus=${3:-8} program _
    for program in slurmctld slurmd munged sbatch; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null ||
            lab_complain "$program is not installed" || return
    done
    mkdir -p "$folder" || return
    folder=$(cd "$folder" && pwd -P) || return
    # Names of sockets are at most 107 bytes long.
    [ ${#folder} -le 90 ] || lab_complain "$folder: a shorter path is needed" || return
    [ -z "$(ls -A "$folder")" ] || lab_complain "$folder is not empty" || return
    chmod 755 "$folder"
    mkdir -p "$folder"/{munge,state,spool,run,log,home/.config/rowbuild}
    chmod 755 "$folder/munge" # munged looks at that
    lab_export "$folder"
    (umask 077 && dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none)
    lab_write_clusters "$folder"
    lab_daemon "$folder" munged munged --foreground --force --num-threads=2 \
        --socket="$folder/munge/sock" --key-file="$folder/munge/key" \
        --pid-file="$folder/munge/pid" --log-file="$folder/log/munged.log" \
        --seed-file="$folder/munge/seed"
    lab_poll 10 test -S "$folder/munge/sock" || {
        lab_stop "$folder"
        lab_complain "munged does not start"
        return
    }
    for _ in {1..5}; do
        lab_write_conf "$folder" "$nodes" "$cpus" "$((10000 + SRANDOM % 220 * 100))"
        if lab_start_daemons "$folder" "$nodes"; then
            lab_watch "$folder"
            return 0
        fi
        # Somebody else had one of these ports, perhaps a lab that starts just now.
        lab_kill "$folder" slurmctld slurmd
        rm -rf "$folder"/{state,spool}
        mkdir "$folder"/{state,spool}
    done
    tail -v -n 5 "$folder"/log/*.log >&2
    lab_stop "$folder"
    lab_complain "the daemons don't start"
}

lab_environment() {
    local folder
    folder=$(cd "$1" && pwd -P) || return
    printf 'export %s=%q\n' SLURM_CONF "$folder/slurm.conf" ROWBUILD_LAB "$folder" \
        ROWBUILD_HOME "$folder/home" ROW_HOME "$folder/home" ROWBUILD_CLUSTER lab
}

lab_export() {
    eval "$(lab_environment "$1")"
}

lab_write_clusters() {
    cat >"$1/home/.config/rowbuild/clusters.toml" <<TOML
[[cluster]]
name = "lab"
scheduler = "slurm"
identify.by_environment = ["ROWBUILD_LAB", "$1"]

[[cluster.partition]]
name = "main"
TOML
}

# lab_write_conf FOLDER NODES CPUS PORT: the nodes' ports are those behind the controller's.
lab_write_conf() {
    local folder=$1 nodes=$2 cpus=$3 port=$4 user line loopback_only=''
    user=$(id -un)
    # To listen there only, Slurm wants to look up this machine's name.
    getent hosts "$(uname -n)" >/dev/null &&
        loopback_only=CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
    # Without cgroups: they are not mounted alike everywhere.
    echo 'CgroupPlugin=cgroup/v1' >"$folder/cgroup.conf"
    cat >"$folder/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge/sock
CredType=cred/munge
$loopback_only
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/spool/slurmctld.pid
SlurmdPidFile=$folder/spool/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobcomp.txt
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
MpiDefault=none
ReturnToService=2
KillWait=30
MinJobAge=300
MaxArraySize=10001
MaxJobCount=20000
NodeName=node[1-$nodes] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    while IFS= read -r line; do
        lab_set_line "$folder" "$line"
    done <<<"${LAB_CONF:-}"
}

# lab_set_line FOLDER LINE: in place of the lines that say something else about the same.
lab_set_line() {
    local folder=$1 line=$2 key
    [ -n "$line" ] || return 0
    key=${line%%=*}
    case $key in
    NodeName | PartitionName) key=${line%%[[:space:]]*} ;;
    *) key=$key= ;;
    esac
    awk -v key="$key" 'substr($0 " ", 1, length(key)) != key' "$folder/slurm.conf" \
        >"$folder/slurm.conf.new"
    printf '%s\n' "$line" >>"$folder/slurm.conf.new"
    mv "$folder/slurm.conf.new" "$folder/slurm.conf"
}

# lab_daemon FOLDER NAME COMMAND…: in a session of its own, with none of our descriptors.
lab_daemon() {
    local folder=$1 name=$2 variable without=()
    shift 2
    # A daemon is not part of the job, or of the test, that starts it. (Some of bats's variables are
    # readonly here, so that unset would fail.)
    for variable in "${!SLURM_JOB@}" "${!BATS_@}"; do
        without+=("--unset=$variable")
    done
    (
        cd "$folder" || exit
        PATH=$PATH:/usr/sbin:/sbin
        lab_close_descriptors
        # Who has a log open is part of the lab, and ended with it.
        log=log/$name.out
        [ "$name" != watch ] || log=/dev/null
        exec setsid env "${without[@]}" "$@" </dev/null >>"$log" 2>&1
    ) &
    echo "$!" >"$folder/run/$name.pid"
    disown "$!"
}

lab_close_descriptors() {
    local descriptor
    for descriptor in /proc/self/fd/*; do
        descriptor=${descriptor##*/}
        if [ "$descriptor" -gt 2 ]; then
            eval "exec $descriptor>&-"
        fi
    done
}

lab_start_daemons() {
    local folder=$1 nodes=$2 node
    lab_daemon "$folder" slurmctld slurmctld -D -c
    # A slurmd that doesn't find it tries again only after a second.
    lab_poll 30 lab_controller_up "$folder" || return
    for ((node = 1; node <= nodes; node++)); do
        lab_daemon "$folder" "slurmd-node$node" slurmd -D -N "node$node"
    done
    lab_poll 30 lab_nodes_up "$folder"
}

lab_controller_up() {
    lab_lives "$(cat "$1/run/slurmctld.pid")" || return 2
    scontrol ping 2>/dev/null | grep -q UP
}

# lab_nodes_up FOLDER: 0 when all that were started are there, 2 when they will never be.
lab_nodes_up() {
    local file nodes=()
    for file in "$1"/run/slurmd-*.pid; do
        [ -e "$file" ] || continue
        lab_lives "$(cat "$file")" || return 2
        file=${file##*/slurmd-}
        nodes+=("${file%.pid}")
    done
    # A state that ends with * is that of a node which doesn't answer.
    [ "$(IFS=, && sinfo -h -N -n "${nodes[*]}" -o '%N %t' | sort -u |
        grep -cE ' (idle|mix|alloc|comp)$')" -eq ${#nodes[@]} ]
} 2>/dev/null

lab_lives() {
    local state
    read -r _ _ state _ <"/proc/$1/stat" && [ "$state" != Z ]
} 2>/dev/null

# lab_poll SECONDS COMMAND…: until the command succeeds, or says 2. Where machines are slow it may take
# some minutes; so the limit only ends what has failed.
lab_poll() {
    local end=$((SECONDS + ($1 > 180 ? $1 : 180))) status
    shift
    while :; do
        status=0
        "$@" || status=$?
        [ "$status" -ne 0 ] || return 0
        [ "$status" -ne 2 ] && [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# The lab stops when its owner is gone, whatever ended it.
lab_watch() {
    local owner=${LAB_OWNER:-${BATS_ROOT_PID:-$LAB_CALLER}}
    lab_daemon "$1" watch bash "$LAB_SCRIPT" watch "$1" "$owner"
}

lab_wait_for_owner() {
    tail --pid="$2" -f /dev/null
    rm -f "$1/run/watch.pid" # this process isn't to end itself
    lab_stop "$1"
}

# lab_processes FOLDER [NODE]: the numbers of all processes of the lab, or of what runs on one node of it:
# the daemons, which have its logs open, what descends from them, and whatever Slurm gave its variables to:
# a job's processes outlive their daemons.
lab_processes() {
    local file
    {
        find /proc/[0-9]*/fd -maxdepth 1 -lname "$1/log/${2:+slurmd-$2.}*" -printf '%h\n'
        grep -slzF -e "SLURM_CONF=$1/slurm.conf" /proc/[0-9]*/environ | while read -r file; do
            if grep -sqz '^SLURM_JOB_ID=' "$file" && grep -sqz "^SLURMD_NODENAME=${2:-.*}$" "$file"; then
                echo "$file"
            fi
        done
    } 2>/dev/null | cut -d / -f 3 | sort -u | lab_with_descendants
}

lab_with_descendants() {
    { sed 's/^/root /' && ps -e -o pid=,ppid=,stat=; } | awk -v self="$$" '
        $1 == "root" { chosen[$2] = 1; next }
        { parent[$1] = $2; ended[$1] = $3 ~ /^Z/ }
        END {
            for (pid in parent) {
                for (at = pid; at in parent && at != self; at = parent[at]) {
                    if (at in chosen) {
                        if (!ended[pid]) print pid
                        break
                    }
                }
            }
        }'
}

# lab_end PID…: kills them; shared memory that only they knew goes with them.
lab_end() {
    local pid segments
    [ $# -gt 0 ] || return 0
    kill -STOP "$@" 2>/dev/null
    segments=$(for pid; do
        sed -n 's,^[^/]*\(/dev/shm/.*\)$,\1,p' "/proc/$pid/maps" | grep -v ' (deleted)$'
    done 2>/dev/null | sort -u)
    kill -KILL "$@" 2>/dev/null
    for pid; do
        lab_poll 10 lab_gone "$pid"
    done
    if [ -n "$segments" ]; then
        xargs -d '\n' rm -f <<<"$segments"
    fi
    return 0
}

lab_gone() {
    ! lab_lives "$1"
}

# lab_kill FOLDER NAME…: the daemons whose names begin so.
lab_kill() {
    local folder=$1 name file pids=()
    shift
    for name; do
        for file in "$folder/run/$name"*.pid; do
            [ -e "$file" ] || continue
            # The number may be somebody else's by now.
            if grep -sqzF "ROWBUILD_LAB=$folder" "/proc/$(cat "$file")/environ"; then
                pids+=("$(cat "$file")")
            fi
            rm -f "$file"
        done
    done
    lab_end "${pids[@]}"
}

lab_stop() {
    local folder
    folder=$(cd "$1" 2>/dev/null && pwd -P) || return 0
    if [ ! -d "$folder/munge" ]; then
        lab_complain "$1 is no lab"
        return
    fi
    lab_kill "$folder" watch
    lab_kill_all "$folder"
    rm -rf "$folder"
}

# lab_kill_all FOLDER [NODE]
lab_kill_all() {
    local pids
    while :; do
        mapfile -t pids < <(lab_processes "$@")
        [ ${#pids[@]} -gt 0 ] || break
        lab_end "${pids[@]}"
    done
}

lab_wait_queue() {
    local folder=$1
    lab_poll "${2:-60}" lab_queue_empty "$folder" && return 0
    SLURM_CONF=$folder/slurm.conf squeue -r -o '%i %T %r' >&2
    lab_complain "jobs are left"
}

lab_queue_empty() {
    local jobs
    jobs=$(SLURM_CONF=$1/slurm.conf squeue -h -o %i 2>/dev/null) && [ -z "$jobs" ]
}

lab_stop_controller() {
    local pid
    pid=$(cat "$1/run/slurmctld.pid")
    kill -TERM "$pid" # it saves what it knows
    lab_poll 30 lab_gone "$pid"
    rm -f "$1/run/slurmctld.pid"
}

lab_start_controller() {
    lab_export "$1"
    lab_daemon "$1" slurmctld slurmctld -D
    if ! lab_poll 30 lab_controller_up "$1" || ! lab_register_nodes "$1"; then
        lab_complain "slurmctld does not start"
    fi
}

# By themselves they would notice only after seconds that there is a controller again.
lab_register_nodes() {
    local file
    for file in "$1"/run/slurmd-*.pid; do
        [ ! -e "$file" ] || kill -HUP "$(cat "$file")"
    done
    lab_poll 30 lab_nodes_up "$1"
}

lab_configure() {
    local folder=$1 line
    shift
    for line; do
        lab_set_line "$folder" "$line"
    done
    lab_stop_controller "$folder"
    lab_start_controller "$folder"
}

lab_kill_node() {
    lab_export "$1"
    lab_kill_all "$1" "$2"
    rm -f "$1/run/slurmd-$2.pid"
    scontrol update "NodeName=$2" State=DOWN Reason=killed
}

lab_start_node() {
    lab_export "$1"
    lab_daemon "$1" "slurmd-$2" slurmd -D -N "$2"
    lab_poll 30 lab_nodes_up "$1" || lab_complain "$2 does not start"
}

LAB_CALLER=$$ # where this is sourced
LAB_SCRIPT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/${BASH_SOURCE[0]##*/}
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    LAB_CALLER=$PPID
    verb=${1:-}
    [ $# -ge 2 ] || verb=
    shift
    case $verb in
    start | stop | environment) "lab_$verb" "$@" ;;
    wait-queue | stop-controller | start-controller | configure | kill-node | start-node)
        folder=$(cd "$1" && pwd -P) || exit 2
        shift
        "lab_${verb//-/_}" "$folder" "$@"
        ;;
    watch) lab_wait_for_owner "$@" ;;
    *)
        sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p;}' "$LAB_SCRIPT" >&2
        exit 2
        ;;
    esac
fi

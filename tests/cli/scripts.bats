#!/usr/bin/env bats
# Job scripts: bash and shellcheck accept each of them, whatever directories and actions are called, and
# bash reads the names back byte by byte. No scheduler is needed.
# shellcheck disable=SC1112,SC2016,SC2028 # odd names

load helpers

# What a name may hold that somebody could stumble over.
ODD=('plain' 'two words' ' leading' 'trailing ' '-n' '--help' "it's" 'say "hi"' '$HOME' '`id`' '$(id)'
    'a;b' 'a&b' 'a|b' 'a#b' '#SBATCH' 'a*b' 'a?b' '[ab]' '{a,b}' '~' '~root' 'a\b' 'a%jb' 'a=b' '!x'
    $'tab\there' $'line\nbreak' $'line\n#SBATCH --qos=evil' $'carriage\r\n' $'bell\a' 'größe' '日本' 'it’s'
    $'latin-1 \xe9' $'\xff\xfe' 'a/b')

clusters() {
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/clusters.toml" <<'END'
[[cluster]]
name = "lab"
scheduler = "slurm"
identify.always = false
submit_options = ["--constraint=\"scratch\""]

[[cluster.partition]]
name = "small"
maximum_cpus_per_job = 16
maximum_gpus_per_job = 0
cpus_per_node = 8
memory_per_cpu = "1970M"

[[cluster.partition]]
name = "gpus"
minimum_gpus_per_job = 1
gpus_per_node = 4
END
}

# scripts FOLDER ARGUMENT…: keeps each script of a dry run as a file.
scripts() {
    local folder=$1 count i
    shift
    mkdir -p "$folder"
    rowbuild submit --dry-run --json "$@" >"$SCRATCH/events" || return 1
    count=$(jq -s 'map(select(.event == "script")) | length' "$SCRATCH/events")
    for ((i = 0; i < count; i++)); do
        jq -sj "map(select(.event == \"script\"))[$i].script" "$SCRATCH/events" >"$folder/$i.sh"
    done
}

# Scripts of JSON's \udc.. aren't bytes; the plain dry run's are.
plain_script() {
    rowbuild submit --dry-run "$@" 2>/dev/null
}

accepted() {
    local script
    for script; do
        # sbatch refuses carriage returns, and reads its lines only before all else.
        if ! bash -n "$script" || ! shellcheck -s bash "$script" || grep -q $'\r' "$script" ||
            sed '1,/^$/d' "$script" | grep '^#SBATCH'; then
            cat "$script"
            return 1
        fi
    done
}

@test "bash and shellcheck accept the scripts of all odd directories, and read the names back" {
    local name cluster
    command -v shellcheck >/dev/null || skip 'shellcheck is not installed'
    clusters
    cat >workflow.toml <<'END'
[workspace]
path = "workspace"
[[action]]
name = "act"
command = "true {directories}"
END
    cat >Rowfile.slashes <<'END'
workspace.directories = ["*", "*/*"]
[[action]]
name = "act"
command = "true {directories}"
END
    for name in "${ODD[@]}"; do
        mkdir -p "workspace/$name"
    done
    for cluster in none lab; do
        plain_script --cluster $cluster >"$SCRATCH/script"
        accepted "$SCRATCH/script"
        sed '/^exec /d' "$SCRATCH/script" >"$SCRATCH/names"
        echo 'printf "%s\0" "${directories[@]}"' >>"$SCRATCH/names"
        bash "$SCRATCH/names" | LC_ALL=C sort -z >"$SCRATCH/read"
        find workspace -mindepth 1 -maxdepth 1 -printf '%f\0' | LC_ALL=C sort -z >"$SCRATCH/there"
        cmp "$SCRATCH/read" "$SCRATCH/there"
    done
}

@test "each odd directory by itself makes a job name of plain characters" {
    local name
    clusters
    cat >workflow.toml <<'END'
[[action]]
name = "act"
command = "true {directories}"
END
    for name in "${ODD[@]}"; do
        rm -rf workspace
        mkdir -p "workspace/$name"
        plain_script --cluster lab >"$SCRATCH/script"
        bash -n "$SCRATCH/script"
        LC_ALL=C grep -qxE '#SBATCH --job-name=act-[A-Za-z0-9._+=,@-]+' "$SCRATCH/script" || {
            cat "$SCRATCH/script"
            return 1
        }
        [ "$(grep -c '^#SBATCH' "$SCRATCH/script")" -eq 9 ] || {
            cat "$SCRATCH/script"
            return 1
        }
    done
}

@test "odd actions, accounts, folders of output and projects" {
    local action
    command -v shellcheck >/dev/null || skip 'shellcheck is not installed'
    clusters
    mkdir -p workspace/d "$SCRATCH/a 'project'/workspace/d"
    cd "$SCRATCH/a 'project'"
    for action in 'two words' "it's" 'a%j' 'a/b' 'größe' '$(id)' '-n'; do
        cat >"other file.toml" <<END
[[action]]
name = "$action"
command = "true {directory}"
[action.submit_options.lab]
account = "an account"
output_file_path = "job output"
output_file_name = "{action_name} of %u"
custom = ["--mail-user=me", "--comment=a \"b\""]
setup = "module load 'x'"
END
        plain_script --cluster lab -f 'other file.toml' >"$SCRATCH/script"
        accepted "$SCRATCH/script"
        grep -qx '#SBATCH --account="an account"' "$SCRATCH/script"
        grep -q '^#SBATCH --output="job output/.* of %u"$' "$SCRATCH/script"
        grep -q "^exec .* -C '\?.*project.* --file 'other file.toml' --cluster lab job 0\{16\}$" "$SCRATCH/script"
    done
}

@test "sizes, partitions, GPUs, memory and arrays" {
    command -v shellcheck >/dev/null || skip 'shellcheck is not installed'
    clusters
    mkdir -p workspace/{a,b,c}
    cat >workflow.toml <<'END'
[[action]]
name = "wide"
command = "true {directory}"
launchers = ["mpi"]
resources.processes.per_directory = 4
resources.memory_per_cpu_mb = 500
[[action]]
name = "gpu"
command = "true {directory}"
resources.gpus_per_process = 2
group.maximum_size = 1
END
    scripts "$SCRATCH/scripts" --cluster lab
    accepted "$SCRATCH"/scripts/*.sh
    diff "$SCRATCH/scripts/0.sh" - <<END
#!/bin/bash
#SBATCH --job-name=wide-a+2
#SBATCH --output=wide-%j.out
#SBATCH --partition=small
#SBATCH --ntasks=12
#SBATCH --nodes=2
#SBATCH --mem-per-cpu=500M
#SBATCH --time=180
#SBATCH --signal=B:TERM@120
#SBATCH --constraint="scratch"

# shellcheck disable=SC1112,SC2016,SC2034,SC2088
directories=(
a
b
c
)

export ACTION_CLUSTER=lab
export ACTION_NAME=wide
export ACTION_PROCESSES=12
export ACTION_WALLTIME_IN_MINUTES=180
export ACTION_WORKSPACE_PATH=workspace
export ACTION_PROCESSES_PER_DIRECTORY=4

exec $ROWBUILD -C $PWD --cluster lab job 0000000000000000
END
    grep -qx '#SBATCH --array=0-2' "$SCRATCH/scripts/1.sh"
    grep -qx '#SBATCH --gpus-per-task=2' "$SCRATCH/scripts/1.sh"
    grep -qx '#SBATCH --nodes=1' "$SCRATCH/scripts/1.sh"
    grep -qx '#SBATCH --partition=gpus' "$SCRATCH/scripts/1.sh"
    absent .rowbuild
}

@test "a job that fits no partition is refused with the reason of each" {
    clusters
    mkdir -p workspace/{a,b,c}
    cat >workflow.toml <<'END'
[[action]]
name = "wide"
command = "true {directory}"
launchers = ["mpi"]
resources.processes.per_directory = 30
[[action]]
name = "other"
command = "true {directory}"
END
    refused submit --cluster lab --yes
    has 'wide' 'small: ' 'gpus: ' '90' 'group.maximum_size'
    refused submit --cluster lab --dry-run
    expect 0 submit --cluster lab --dry-run -a other
}

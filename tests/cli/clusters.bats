#!/usr/bin/env bats
# Clusters: clusters.toml, which cluster this is, what is refused outside of a job, what check tells.

load helpers

# nowhere_known: no variable says where this is.
nowhere_known() {
    unset ROWBUILD_CLUSTER LMOD_SYSTEM_NAME RCAC_CLUSTER CLUSTER_NAME
}

# clusters [PROGRAM]: standard input becomes the user's clusters.toml.
clusters() {
    mkdir -p "$HOME/.config/${1:-rowbuild}"
    cat >"$HOME/.config/${1:-rowbuild}/clusters.toml"
}

# lab KEY…: the cluster `lab`, with these lines before its partitions.
lab() {
    {
        printf '[[cluster]]\nname = "lab"\nidentify.by_environment = ["LAB", "yes"]\nscheduler = "slurm"\n'
        printf '%s\n' "$@"
        printf '[[cluster.partition]]\nname = "small"\nmaximum_cpus_per_job = 4\nmaximum_gpus_per_job = 0\n'
        printf '[[cluster.partition]]\nname = "whole"\nrequire_cpus_multiple_of = 8\n'
        printf '[[cluster.partition]]\nname = "debug"\nprevent_auto_select = true\n'
    } | clusters
}

# ---- show cluster ----

@test "show cluster works without a project: none, which is always identified" {
    nowhere_known
    cd "$HOME"
    expect 0 show cluster --short
    [ "$output" = none ]
    expect 0 show cluster
    has_line '^\[\[cluster\]\]$' '^name = "none"$' '^identify.always = true$' '^scheduler = "bash"$' \
        '^\[\[cluster.partition\]\]$'
    expect_json 0 show cluster --json
    json '.[0].name == "none" and .[0].scheduler == "bash" and .[0].origin == "built in"'
}

@test "show cluster --all: row's built-in clusters, in the order in which they are matched" {
    expect 0 show cluster --all --short
    [ "$output" = "$(printf '%s\n' andes anvil delta frontier greatlakes none)" ]
    expect_json 0 show cluster --all --json
    json '.[0] | length == 6 and .[2].partition[0].account_suffix == "-cpu"'
    lab
    expect 0 show cluster --all --short
    [ "${output%%$'\n'*}" = lab ]
}

@test "a site's own variable identifies its cluster" {
    nowhere_known
    local site
    for site in LMOD_SYSTEM_NAME=andes:andes RCAC_CLUSTER=anvil:anvil LMOD_SYSTEM_NAME=Delta:delta \
        LMOD_SYSTEM_NAME=frontier:frontier CLUSTER_NAME=greatlakes:greatlakes LMOD_SYSTEM_NAME=delta:none; do
        run -0 env "${site%:*}" "$ROWBUILD" show cluster --short
        [ "$output" = "${site#*:}" ]
    done
}

@test "what is shown is a clusters.toml that says the same" {
    lab 'maximum_jobs = 500' 'array_throttle = 20' 'target_job_minutes = 15' 'no_arrays = true' 'signal_s = 60' \
        'slurm_gpus_per_task = "--gres=gpu:"' 'submit_options = ["--constraint=\"a b\"", "--exclusive"]'
    expect 0 show cluster --all
    echo "$output" >"$SCRATCH/first"
    clusters <"$SCRATCH/first"
    local name
    for name in lab andes anvil delta frontier greatlakes none; do
        expect 0 show cluster --cluster="$name"
        [ "${output%%$'\n'*}" = "# $HOME/.config/rowbuild/clusters.toml" ]
        tail -n +2 <<<"$output" >>"$SCRATCH/second"
        echo >>"$SCRATCH/second"
    done
    diff <(grep -v '^#' "$SCRATCH/first") <(sed '$d' "$SCRATCH/second")
}

@test "rowbuild's file comes before row's, and both before what is built in" {
    nowhere_known
    export SITE=here
    printf '[[cluster]]\nname = "%s"\nidentify.by_environment = ["SITE", "here"]\nscheduler = "slurm"\npartition = []\n' \
        rows | clusters row
    expect 0 show cluster --short
    [ "$output" = rows ]
    printf '[[cluster]]\nname = "ours"\nidentify.by_environment = ["SITE", "here"]\nscheduler = "bash"\npartition = []\n' |
        clusters
    expect 0 show cluster --short
    [ "$output" = ours ]
    expect 0 show cluster --short --cluster=rows
    [ "$output" = rows ]
    ROW_HOME=$SCRATCH expect 2 show cluster --short --cluster=rows
    printf '[[cluster]]\nname = "none"\nidentify.always = true\nscheduler = "slurm"\npartition = []\n' | clusters
    SITE=elsewhere expect 0 show cluster
    has 'name = "none"' 'scheduler = "slurm"'
}

@test "--cluster, ROWBUILD_CLUSTER and ROW_CLUSTER name a cluster; an unknown one is named with the nearest" {
    chain d1
    nowhere_known
    ROW_CLUSTER="delta" expect 0 show cluster --short
    [ "$output" = delta ]
    ROW_CLUSTER="delta" ROWBUILD_CLUSTER=anvil expect 0 show cluster --short
    [ "$output" = anvil ]
    ROWBUILD_CLUSTER=anvil expect 0 show cluster --short --cluster frontier
    [ "$output" = frontier ]
    refused --cluster fontier
    has '`fontier`' '`frontier`'
    ROWBUILD_CLUSTER=zzzzzz refused
    has 'show cluster --all --short'
    expect 2 show cluster --cluster fontier
    (cd "$HOME" && expect 2 show cluster --cluster fontier && has '`frontier`')
    expect 2 show status --cluster fontier
}

# ---- clusters.toml ----

@test "mistakes in clusters.toml are told all at once, with their places" {
    chain d1
    clusters <<'END'
[[cluster]]
name = "a"
identfy.always = true
scheduler = "pbs"
[[cluster.partition]]
name = "p"
maximum_cpu_per_job = "many"
maximum_cpus_per_job = "many"
memory_per_cpu = "much"
memory_per_gpu = "5G"
memory_per_gpu_mb = 5120
require_cpus_multiple_of = 0
[[clusters]]
END
    refused
    has 'clusters.toml:3:1: ' 'did you mean `identify`' '`identify` is missing' '"slurm" or "bash"' \
        'clusters.toml:7:1: ' 'did you mean `maximum_cpus_per_job`' 'clusters.toml:8:24: ' \
        'clusters.toml:9:18: ' '"1970M"' 'clusters.toml:11:21: ' 'clusters.toml:12:28: ' \
        'did you mean `cluster`'
    expect 2 check
    has 'clusters.toml:3:1: '
    (cd "$HOME" && expect 2 show cluster && has 'clusters.toml:3:1: ')
    clusters <<<'[[cluster'
    expect 2 check
    has 'clusters.toml:1:'
}

@test "identify takes exactly one way" {
    local identify
    for identify in '{}' '{always = true, by_environment = ["A", "b"]}' '{always = "yes"}' \
        '{by_environment = ["A"]}' '{by_environment = ["A", 1]}' '{by_enviroment = ["A", "b"]}' '"always"'; do
        printf '[[cluster]]\nname = "a"\nscheduler = "bash"\npartition = []\nidentify = %s\n' "$identify" | clusters
        expect 2 show cluster
        has 'clusters.toml:5:'
    done
}

@test "every form that row's documentation shows loads" {
    nowhere_known
    clusters row <<'END'
[[cluster]]
name = "cluster1"
identify.by_environment = ["CLUSTER_NAME", "cluster1"]
scheduler = "slurm"
[[cluster.partition]]
name = "shared"
maximum_cpus_per_job = 127
maximum_gpus_per_job = 0
[[cluster.partition]]
name = "gpu-shared"
minimum_gpus_per_job = 1
[[cluster.partition]]
name = "compute"
require_cpus_multiple_of = 128
maximum_gpus_per_job = 0
[[cluster.partition]]
name = "debug"
maximum_gpus_per_job = 0
prevent_auto_select = true

[[cluster]]
name = "cluster2"
identify.always = false
scheduler = "slurm"
submit_options = ["--option=value"]
slurm_gpus_per_task = "--tres-per-task=gres/gpu:"
[[cluster.partition]]
name = "everything"
maximum_cpus_per_job = 2
require_cpus_multiple_of = 4
warn_cpus_not_multiple_of = 4
memory_per_cpu = "1970M"
cpus_per_node = 10
minimum_gpus_per_job = 8
maximum_gpus_per_job = 16
require_gpus_multiple_of = 32
warn_gpus_not_multiple_of = 32
memory_per_gpu = "60G"
gpus_per_node = 11
prevent_auto_select = false
account_suffix = "-gpu"
[[cluster.partition]]
name = "newer"
memory_per_cpu_mb = 1970
memory_per_gpu_mb = 61440

[[cluster]]
name = "local"
identify = { always = true }
scheduler = "bash"
partition = [{ name = "here" }]
END
    expect 0 show cluster --short
    [ "$output" = local ]
    CLUSTER_NAME=cluster1 expect 0 show cluster --short
    [ "$output" = cluster1 ]
    expect_json 0 show cluster --json --cluster=cluster2
    json '.[0].slurm_gpus_per_task == "--tres-per-task=gres/gpu:"'
    json '.[0].partition[0] == {name: "everything", maximum_cpus_per_job: 2, require_cpus_multiple_of: 4,
        warn_cpus_not_multiple_of: 4, memory_per_cpu: "1970M", cpus_per_node: 10, minimum_gpus_per_job: 8,
        maximum_gpus_per_job: 16, require_gpus_multiple_of: 32, warn_gpus_not_multiple_of: 32,
        memory_per_gpu: "60G", gpus_per_node: 11, prevent_auto_select: false, account_suffix: "-gpu"}'
    json '.[0].partition[1] | .memory_per_cpu == "1970M" and .memory_per_gpu == "61440M"'
}

# ---- Launchers of a cluster ----

@test "launchers are those of the cluster" {
    nowhere_known
    expect 0 show launchers
    has_line '^executable = "mpirun"'
    RCAC_CLUSTER=anvil expect 0 show launchers
    has_line '^executable = "srun --mpi=pmi2"'
    expect 0 show launchers --cluster=delta
    has_line '^executable = "srun"'
    (cd "$HOME" && RCAC_CLUSTER=anvil expect 0 show launchers && has_line '^executable = "srun --mpi=pmi2"')
    mkdir -p "$HOME/.config/row"
    printf '[launcher1.default]\nexecutable = "a"\nprocesses = "-n "\n[launcher1.none]\nexecutable = "b"\n' \
        >"$HOME/.config/row/launchers.toml"
    expect 0 show launchers
    has_line '^executable = "b"'
    lacks 'executable = "a"'
    expect 0 show launchers --cluster=andes
    has_line '^executable = "a"'
}

# ---- Login hosts ----

@test "outside of a job of a Slurm cluster, a run wants -j; nothing is written" {
    nowhere_known
    lab
    export LAB=yes
    chain d1
    refused
    has '`lab`' '-j' 'rowbuild submit'
    refused -a first
    expect 0 -n
    has first
    absent .rowbuild
    expect 0 -j 1
    expect_runs 'first d1' 'second d1' 'third d1'
    expect_nothing_to_do
    echo four >>workspace/d1/in
    local before after
    before=$(tree)
    expect 2
    after=$(tree)
    diff <(echo "$before") <(echo "$after")
    expect_runs
    expect 0 --cluster none
    expect_runs 'first d1' 'second d1' 'third d1'
}

@test "in a job of a Slurm cluster, a run takes what it has" {
    nowhere_known
    lab
    export LAB=yes
    chain d1
    SLURM_JOB_ID= refused
    SLURM_JOB_ID=7 expect 0
    expect_runs 'first d1' 'second d1' 'third d1'
}

@test "an explicit -j of make counts for a run outside of a job" {
    nowhere_known
    lab
    export LAB=yes
    chain d1
    printf 'all:\n\t+"$(ROWBUILD)"\n' >Makefile
    run make ROWBUILD="$ROWBUILD"
    [ "$status" -ne 0 ]
    expect_runs
    run -0 make -j 2 ROWBUILD="$ROWBUILD"
    expect_runs 'first d1' 'second d1' 'third d1'
}

# ---- check ----

@test "check warns of submit_options for a cluster that nobody defines, once" {
    chain d1 d2
    lab
    cat >>Rowfile <<'END'
[default.action.submit_options.dleta]
account = "me"
[default.action.submit_options.lab]
account = "me"
[default.action.submit_options.elsewhere]
account = "me"
END
    expect 0 check
    has '`dleta`' 'did you mean `delta`' '`elsewhere`' '2 warnings'
    lacks '`lab`'
    expect 0 -j 1
    lacks dleta
}

# jobs ACTION-LINES: an action over four directories, on `lab`.
jobs() {
    {
        printf '[[action]]\nname = "a"\nproducts = ["out"]\n'
        printf 'command = "note {directories}; for i in {directories}; do echo >workspace/$i/out; done"\n'
        cat
    } >Rowfile
    mkdir -p workspace/d1 workspace/d2 workspace/d3 workspace/d4
    lab
    export ROWBUILD_CLUSTER=lab
}

@test "check warns of a partition that this cluster lacks" {
    jobs <<'END'
submit_options.lab.partition = "debgu"
submit_options.anvil.partition = "nobody asks"
END
    expect 0 check
    has 'Rowfile:5:32: ' '`lab` has no partition `debgu`' 'did you mean `debug`' '1 warning'
    ROWBUILD_CLUSTER=none expect 0 check
    has 'no errors'
    lacks warning
}

@test "check warns of jobs that no partition takes, with the reason of each" {
    jobs <<'END'
launchers = ["mpi"]
resources.processes.per_directory = 3
group.maximum_size = 2
END
    expect 0 check
    has 'no partition of the cluster `lab` accepts a job of this action for 2 directories' 'small: too many CPUs (6 > 4)' \
        'whole: 6 CPUs, but it accepts only multiples of 8' 'debug: is used only when it is named' '1 warning'
    sed -i 's/maximum_size = 2/maximum_size = 1/' Rowfile
    expect 0 check
    lacks warning
    sed -i 's/maximum_size = 1/maximum_size = 2/; s/per_directory = 3/per_directory = 4/' Rowfile
    expect 0 check
    lacks warning
    sed -i 's/per_directory = 4/per_directory = 3/' Rowfile
    echo 'submit_options.lab.partition = "debug"' >>Rowfile
    expect 0 check
    lacks warning
    sed -i 's/"debug"/"small"/' Rowfile
    expect 0 check
    has 'small: too many CPUs (6 > 4)'
    lacks whole
}

@test "check asks nothing of a Slurm cluster without partitions" {
    jobs <<'END'
submit_options.lab.partition = "any"
END
    printf '[[cluster]]\nname = "lab"\nidentify.always = true\nscheduler = "slurm"\npartition = []\n' | clusters
    expect 0 check
    lacks warning
}

@test "check knows the size of a group's one job, and of a job without directories" {
    jobs <<'END'
launchers = ["mpi"]
resources.processes.per_directory = 3
group.submit_whole = true
[[action]]
name = "all"
scope = "project"
products = ["summary"]
command = "touch summary"
resources.gpus_per_process = 1
resources.threads_per_process = 3
END
    expect 0 check
    has 'a job of this action for 4 directories: ' 'small: too many CPUs (12 > 4)' 'a job of this action: small: too many GPUs (1 > 0)' '2 warnings'
}

# ---- The manual ----

PAGE=$BATS_TEST_DIRNAME/../../src/cluster/rowbuild-clusters.5

# example NUMBER: the page's literal text.
example() {
    awk -v wanted="$1" '/^\.Bd/ { n++; inside = 1; next } /^\.Ed/ { inside = 0 } inside && n == wanted' "$PAGE"
}

@test "the examples of rowbuild-clusters(5) load and say what they show" {
    nowhere_known
    mkdir -p "$HOME/.config/rowbuild"
    example 1 | clusters
    example 2 >"$HOME/.config/rowbuild/launchers.toml"
    CLUSTER_NAME=lab expect 0 show cluster
    [ "$(tail -n +2 <<<"$output")" = "$(example 1)" ]
    CLUSTER_NAME=lab expect 0 show launchers
    has 'executable = "srun --mpi=pmix"' 'executable = "time -p"'
}

@test "rowbuild-clusters(5) has every key of a cluster and of a partition" {
    lab 'maximum_jobs = 500' 'array_throttle = 20' 'target_job_minutes = 15' 'no_arrays = true' 'signal_s = 60'
    local key
    expect_json 0 show cluster --all --json
    for key in $(jq -r '.[] | keys[], (.partition[] | keys[])' <<<"$output" | sort -u | grep -v origin) \
        slurm_gpus_per_task require_gpus_multiple_of warn_cpus_not_multiple_of memory_per_cpu_mb memory_per_gpu_mb; do
        grep -qE "^\.(It )?Ic .*\b$key\b" "$PAGE" || {
            echo "$key is missing"
            return 1
        }
    done
}

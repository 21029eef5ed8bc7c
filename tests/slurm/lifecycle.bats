#!/usr/bin/env bats
# From submit to what jobs record: with a real Slurm.

load helpers

@test "what can run now is submitted, is left alone, and is recorded by the jobs themselves" {
    held p q
    expect 0 submit --yes
    await_queue RUNNING 2
    await_started p q
    expect 0 show status
    has_line '^wait +0 +2 +0 +0 '
    expect 0 show jobs
    has_line '^[0-9]+_0 wait +1 RUNNING' '^[0-9]+_1 wait +1 RUNNING'
    expect 0 show why wait/p
    has 'has started'
    # A local run leaves them alone, and a second submit has nothing to submit.
    expect 0 -j 1
    has '2 tasks are in jobs'
    expect 0 submit --yes
    expect 0 show directories -a wait --short --submitted
    [ "$output" = $'p\nq' ]
    release p q
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +2 +0 +0 +0'
    expect_runs p q
    expect_nothing_to_do -j 1
}

@test "where jobs could not write their output none is submitted" {
    [ "$(id -u)" -ne 0 ] || skip 'root may write everywhere'
    held p
    export ROWBUILD_STATE=$SCRATCH/state
    chmod a-w .
    expect 3 submit --yes
    has "the job's output" 'output_file_path'
    [ "$(job_count)" -eq 0 ]
    expect 0 submit --yes -- --hold --output="$SCRATCH/%j.out"
    chmod u+w .
}

@test "a project in whose path Slurm would expand something" {
    mkdir "$SCRATCH/100%j"
    cd "$SCRATCH/100%j"
    held p
    release p
    expect 0 submit --yes
    jobs_done
    ls wait-*.out
    expect_runs p
    expect_nothing_to_do -j 1
}

@test "follow: everything is submitted at once and runs in order" {
    three_actions p q r
    expect 0 submit --follow --yes
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^first +3 +0 +0 +0' '^second +3 +0 +0 +0' '^third +3 +0 +0 +0'
    expect_runs 'first p' 'first q' 'first r' 'second p' 'second q' 'second r' 'third p' 'third q' 'third r'
    expect_nothing_to_do -j 1
}

@test "a failing task doesn't end its siblings; the job fails, and the task is eligible again" {
    mkdir workspace/{p,q,r}
    rowfile <<'END'
[[action]]
name = "try"
products = ["a"]
command = 'note {directory}; [ {directory} != q ] || [ -e ok ] || exit 5; touch workspace/{directory}/a'
END
    expect 0 submit --yes
    jobs_done
    [ "$(squeue -h -t all -o %T --sort=-i | head -n 1)" = FAILED ]
    grep -x 'to retry: rowbuild submit -a try q' try-*.out
    ask_anew
    expect 0 show status
    has_line '^try +2 +0 +1 +0'
    expect 0 show why try/q
    has 'failed (exit 5)'
    expect_runs p q r
    touch ok
    expect 0 submit --yes
    jobs_done
    expect_runs q
    expect_nothing_to_do -j 1
}

@test "a pending job that is cancelled: its tasks are eligible, and the reason is shown" {
    held p
    expect 0 submit --yes -- --begin=now+1hour
    await_queue PENDING 1
    scancel "$(rowbuild show jobs --short)"
    ask_anew
    expect 0 show status
    has_line '^wait +0 +0 +1 +0'
    expect 0 show why wait/p
    has CANCELLED
    release p
    expect 0 submit --yes
    jobs_done
    expect_runs p
    expect_nothing_to_do -j 1
}

@test "a running job that is cancelled" {
    held p q
    expect 0 submit --yes
    await_started p q
    scancel "$(rowbuild show jobs --short -a wait p)"
    lab_poll 30 queue_is RUNNING,COMPLETING 1
    ask_anew
    expect 0 show status
    has_line '^wait +0 +1 +1 +0'
    expect 0 show why wait/p
    has 'CANCELLED'
    release q
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +1 +0 +1 +0'
    absent workspace/p/a
}

@test "names with quotes, newlines and dollar signs" {
    local odd=$'new\nline #SBATCH --qos=x' quoted="it's \"\$HOME\" \`id\`"
    held "$odd" "$quoted" '; touch hacked'
    rowfile <<'END'
[[action]]
name = "touch"
products = ["a"]
command = 'args {directory}; touch workspace/{directory}/a'
END
    expect 0 submit --yes
    jobs_done
    ask_anew
    expect_nothing_to_do -j 1
    absent hacked
    [ -e "workspace/$odd/a" ]
    [ -e "workspace/$quoted/a" ]
}

@test "inherited SLURM_ variables reach no job; options after -- do" {
    mkdir workspace/p
    rowfile <<'END'
[[action]]
name = "env"
products = ["a"]
command = 'env >workspace/{directory}/a; squeue -h -j $SLURM_JOB_ID -o "%n %Q %y" >>workspace/{directory}/a'
END
    SLURM_MEM_PER_CPU=7000 SLURM_NTASKS=5 SLURM_JOB_NAME=other SLURM_ARRAY_TASK_ID=9 \
        expect 0 submit --yes -- --nice=77
    jobs_done
    run cat workspace/p/a
    lacks SLURM_MEM_PER_CPU SLURM_ARRAY_TASK_ID=9
    has ' 77'
    expect_nothing_to_do -j 1
}

@test "a long array and a short dependency: a handful of calls" {
    local directory
    for directory in {001..060}; do
        mkdir "workspace/$directory"
    done
    three_actions
    expect 0 submit --follow --yes
    [ "$(new_submissions)" -le 3 ]
    jobs_done
    [ "$(wc -l <"$RUNS")" -eq 180 ]
    : >"$RUNS"
    expect_nothing_to_do -j 1
}

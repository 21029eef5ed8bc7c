#!/usr/bin/env bats
# Never twice, never lost: kills at the wrong moment, and answers that tell nothing.

load helpers

export LAB_NODES=2

# slow_sbatch: the real one, which comes back only when the test says `release sbatch`.
slow_sbatch() {
    program sbatch <<END
$(command -v sbatch) "\$@" >"$SCRATCH/answer" || exit
hold sbatch
cat "$SCRATCH/answer"
END
}

@test "killed between sbatch and recording: found again by its token, nothing is submitted twice" {
    held p q
    slow_sbatch
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    release sbatch
    rm "$SCRATCH/bin/sbatch"
    ask_anew
    [ "$(new_submissions)" -eq 1 ]
    expect 0 show status
    has_line '^wait +0 +2 +0 +0'
    expect 0 submit --yes
    [ "$(new_submissions)" -eq 1 ]
    expect 0 show jobs --short
    has_line '^[0-9]+_0$' '^[0-9]+_1$'
    release p q
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +2 +0 +0 +0'
    expect_runs p q
}

@test "killed before sbatch was called: nothing is lost, the next submit submits" {
    held p
    program sbatch <<'END'
hold sbatch
exit 1
END
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    release sbatch
    rm "$SCRATCH/bin/sbatch"
    expect 0 submit --yes
    [ "$(new_submissions)" -eq 1 ]
    release p
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +1 +0 +0 +0'
    expect_runs p
}

@test "two submits at once submit once" {
    held p q
    slow_sbatch
    start submit --yes
    await_started sbatch
    expect 3 submit --yes
    release sbatch
    finish 0
    rm "$SCRATCH/bin/sbatch"
    expect 0 submit --yes
    [ "$(new_submissions)" -eq 1 ]
    release p q
    jobs_done
    expect_runs p q
}

@test "Ctrl-C stops after the submission at hand, which is recorded" {
    three_actions p
    slow_sbatch
    start submit --follow --yes
    await_started sbatch
    kill -INT "$PID"
    release sbatch
    finish 130
    rm "$SCRATCH/bin/sbatch"
    [ "$(new_submissions)" -eq 1 ]
    expect 0 show status
    has_line '^first +[01] +[01] +0 +0' '^third +0 +0 +0 +1'
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^first +1 +0 +0 +0'
    expect 0 submit --follow --yes
    jobs_done
    expect_runs 'first p' 'second p' 'third p'
}

@test "what is refused is said in sbatch's words, and nothing is registered" {
    held p
    expect 1 submit --yes -- --partition=nowhere
    has 'invalid partition'
    [ -z "$(ls .rowbuild/jobs)" ]
    expect 1 submit --yes -- --frobnicate
    has frobnicate
    expect 0 show status
    has_line '^wait +0 +0 +1 +0'
    [ "$(new_submissions)" -eq 0 ]
}

@test "an sbatch that is quiet about the number: found by its token" {
    held p
    expect 0 submit --yes -- --quiet
    [ "$(new_submissions)" -eq 1 ]
    expect 0 show jobs --short
    has_line '^[0-9]+$'
    release p
    jobs_done
    expect_runs p
}

@test "an answer that isn't one is no guess: the token is looked for" {
    held p
    program sbatch <<END
$(command -v sbatch) "\$@" >/dev/null
echo "Welcome to the lab!"
END
    expect 0 submit --yes --patience 300
    [ "$(new_submissions)" -eq 1 ]
    expect 0 show jobs --short
    has_line '^[0-9]+$'
    release p
    jobs_done
    expect_runs p
}

@test "a comment that isn't ours any more, and no number: found by the script that Slurm has" {
    held p q
    program sbatch <<END
$(command -v sbatch) "\$@" --comment=mine >/dev/null
echo "Welcome to the lab!"
END
    # A job without a script, and one that is older.
    echo '#!/bin/sh' | "$(type -ap sbatch | sed -n 2p)" --hold --parsable >/dev/null
    expect 0 submit --yes --patience 300
    [ "$(new_submissions)" -eq 2 ]
    expect 0 show jobs --short
    has_line '^[0-9]+_0$' '^[0-9]+_1$'
    release p q
    squeue -h -t pending -r -o %A | xargs -r -n 1 scontrol release
    jobs_done
    expect_runs p q
}

@test "patience is for all that the scheduler makes one wait, sbatch's own waiting too" {
    held p
    program sbatch <<END
echo >>"$SCRATCH/calls"
sleep 1.2
echo 'sbatch: error: Unable to contact slurm controller (connect failure)' >&2
exit 1
END
    expect 1 submit --yes --patience 1
    has 'accepts no more jobs now'
    [ "$(wc -l <"$SCRATCH/calls")" -eq 1 ]
}

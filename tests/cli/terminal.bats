#!/usr/bin/env bats
# What is drawn on a terminal, in tmux: the status block of a run, and rowbuild top. Commands wait for
# flag files, so that what is drawn doesn't depend on time.

load helpers

begin() {
    command -v tmux >/dev/null || skip "tmux is missing"
    local name
    for name in a b "a-directory-with-a-rather-long-name-$(printf 'x%.0s' {1..60})"; do
        value "$name" 1
    done
    rowfile <<'END'
[[action]]
name = "work"
products = ["out"]
command = 'case {directory} in b) exit 3;; a) hold a;; *) hold long;; esac; touch workspace/{directory}/out'
END
}

# terminal COLUMNS COMMAND: in a terminal of 24 rows
terminal() {
    TERMINALS=$((${TERMINALS:-0} + 1)) # a server that is asked to end may still be there
    env -u TMUX tmux -S "$SCRATCH/tmux.$TERMINALS" -f /dev/null new-session -d -x "$1" -y 24 "$2" 3>&-
    BACKGROUND+=("$(mux display-message -p '#{pid}')")
}

mux() {
    env -u TMUX tmux -S "$SCRATCH/tmux.$TERMINALS" "$@"
}

end_terminal() {
    mux kill-server
}

# await_screen TEXT…: until all of it is shown on $screen, and no line is wrapped: tmux would join it.
await_screen() {
    local end=$((SECONDS + PATIENCE)) text missing joined
    while :; do
        screen=$(mux capture-pane -p)
        joined=$(mux capture-pane -pJ)
        missing=
        for text; do
            [[ $screen == *"$text"* ]] || missing=$text
        done
        if [ -z "$missing" ] && [ "$(wc -l <<<"$screen")" -eq "$(wc -l <<<"$joined")" ]; then
            return 0
        fi
        if [ "$SECONDS" -gt "$end" ]; then
            echo "never shown: $missing (if nothing, a line is wrapped)"
            echo "$screen"
            return 1
        fi
        pause 0.02
    done
}

# await_block: until the last lines are the block of a run with these two tasks, the screen and all that
# has left it upwards hold no other line of a block, and each of the 30 lines above is there still.
await_block() {
    local end=$((SECONDS + PATIENCE))
    local block=$'(^|\n)\\[1/3\\] [^\n]*\n  work a [^\n]*\n  work a-[^\n]*$'
    until screen=$(mux capture-pane -pJ -S -) && [[ $screen =~ $block ]] &&
        [ "$(grep -cE '^(\[./3\]|  work |above)' <<<"$screen")" -eq 33 ]; do
        if [ "$SECONDS" -gt "$end" ]; then
            echo "$screen"
            return 1
        fi
        pause 0.02
    done
}

# drawn: how many frames; each ends by erasing what is below it.
drawn() {
    grep -ao $'\033\\[J' "$SCRATCH/raw" | wc -l
}

# await_frames: until two more frames begin and end
await_frames() {
    local end=$((SECONDS + PATIENCE)) wanted=$(($(drawn) + 2))
    until [ "$(drawn)" -ge "$wanted" ]; do
        [ "$SECONDS" -le "$end" ] || return 1
        pause 0.02
    done
}

# resize_stopped WIDTH: while the run is stopped, so that no frame for the old width is still on its way
resize_stopped() {
    local end=$((SECONDS + PATIENCE)) run
    run=$(cat "$SCRATCH/pid")
    kill -STOP "$run"
    until [[ $(ps -o stat= -p "$run") == T* ]]; do
        [ "$SECONDS" -le "$end" ] || return 1
        pause 0.02
    done
    await_flag pane_dead 0 # tmux has read what was written before
    mux resize-window -x "$1" -y 24
    until [[ $(stty size <"$(mux display-message -p '#{pane_tty}')") == "24 $1" ]]; do
        [ "$SECONDS" -le "$end" ] || return 1
        pause 0.02
    done
    kill -CONT "$run"
}

# await_flag NAME VALUE: of the terminal, as tmux knows it
await_flag() {
    local end=$((SECONDS + PATIENCE))
    until [ "$(mux display-message -p "#{$1}")" = "$2" ]; do
        [ "$SECONDS" -le "$end" ] || return 1
        pause 0.02
    done
}

# A shell script that runs top and notes how it left the terminal.
watcher() {
    cat >"$SCRATCH/watch" <<END
ulimit -c 0
trap : INT
cd '$PWD'
stty -a >'$SCRATCH/before'
sh -c 'echo \$\$ >"$SCRATCH/pid"; exec "$ROWBUILD" top' 2>'$SCRATCH/stderr'
echo \$? >'$SCRATCH/status'
stty -a >'$SCRATCH/after'
: >'$SCRATCH/done'
cat
END
}

@test "the status block of a run never wraps, and lists what runs in each frame" {
    begin
    terminal 80 "cd '$PWD'; seq -f 'above %.0f' 30; sh -c 'echo \$\$ >$SCRATCH/pid; exec $ROWBUILD -j 3 -k 9'; : >'$SCRATCH/done'; cat"
    mux pipe-pane -o "cat >'$SCRATCH/raw'"
    await_started a long
    await_block
    local width
    for width in 40 200 30 80; do
        resize_stopped "$width"
        await_frames
        await_block
    done
    release a long
    await "$SCRATCH/done"
    await_text "$SCRATCH/raw" 'succeeded in'
    local end=$((SECONDS + PATIENCE))
    while screen=$(mux capture-pane -p) && [[ $screen == *running* ]]; do # the block is erased
        [ "$SECONDS" -le "$end" ]
        pause 0.02
    done
    end_terminal
    local frame frames=0
    while IFS= read -rd '~' frame; do
        if [[ $frame == *[1-9]' running'* ]]; then
            frames=$((frames + 1))
            [[ $frame == *'work a'* ]] || [[ $frame != *'2 running'* ]]
        fi
    done < <(sed $'s/\033\\[J/~/g' "$SCRATCH/raw")
    [ "$frames" -gt 4 ]
}

@test "top fits its terminal, follows its size, and ends with the run" {
    begin
    watcher
    terminal 80 "sh '$SCRATCH/watch'" # before there is a run
    await_screen 'no run is going on; waiting for one in' 'q quit'
    start -j 3 -k 9
    await_started a long
    await_screen '2 running' 'TASK (2)' 'work a ' 'work a-directory' 'work b: exit 3' 'MEMORY'
    local width
    for width in 40 200 20 80; do
        mux resize-window -x "$width" -y 24
        await_flag pane_width "$width"
        await_screen '[1/3]' 'TASK (2)' 'work a' 'failed (1)' 'q quit'
    done
    mux resize-window -x 80 -y 6
    await_screen '[1/3]' 'TASK (2)' 'work a ' 'q quit'
    mux resize-window -x 80 -y 24
    mux send-keys f
    await_screen 'work b: exit 3' '  it printed nothing'
    mux send-keys '?'
    await_screen 'sort by memory'
    mux send-keys '?' n
    await_screen 'TASK (2)' 'sorted by name'
    release a long
    finish 1
    await "$SCRATCH/done"
    await_screen 'the run has ended: 2 of 3 done, 1 failed' 'work b: exit 3'
    content "$SCRATCH/status" 0
    cmp "$SCRATCH/before" "$SCRATCH/after"
    await_flag alternate_on 0
    end_terminal
}

@test "top leaves the terminal as it was, whatever ends it" {
    begin
    watcher
    start -j 3 -k 9
    await_started a long
    local how
    for how in q C-c TERM HUP SEGV; do
        rm -f "$SCRATCH/done"
        terminal 80 "sh '$SCRATCH/watch'"
        await_screen 'TASK (2)' 'work a '
        await_flag alternate_on 1
        case $how in
        q | C-c) mux send-keys "$how" ;;
        *) kill -s "$how" "$(cat "$SCRATCH/pid")" ;;
        esac
        await "$SCRATCH/done"
        cmp "$SCRATCH/before" "$SCRATCH/after"
        await_flag alternate_on 0
        await_flag cursor_flag 1
        await_flag wrap_flag 1
        case $how in
        q) content "$SCRATCH/status" 0 ;;
        SEGV) [ "$(cat "$SCRATCH/status")" -ne 0 ] ;;
        *) content "$SCRATCH/status" 130 ;;
        esac
        end_terminal
    done
    terminal 80 "sh '$SCRATCH/watch'" # the terminal is closed
    await_screen 'TASK (2)'
    end_terminal
    while lives "$(cat "$SCRATCH/pid")"; do
        pause 0.02
    done
    lives "$PID"
    release a long
    finish 1
}

@test "Ctrl-Z gives the terminal back, top continues in the foreground, and ends with a run that is killed" {
    begin
    start -j 3 -k 9
    await_started a long
    # The variable is for a line of `jobs` that fits the terminal wherever the program lies.
    terminal 80 "cd '$PWD'; ROWBUILD='$ROWBUILD' PS1='ready> ' bash --norc --noprofile -i"
    await_screen 'ready>'
    mux send-keys "stty -a >'$SCRATCH/before'; \"\$ROWBUILD\" top" Enter
    await_screen 'TASK (2)'
    mux send-keys C-z
    await_flag alternate_on 0
    mux send-keys "clear; stty -a >'$SCRATCH/stopped'; jobs" Enter
    await_screen Stopped
    cmp "$SCRATCH/before" "$SCRATCH/stopped"
    mux send-keys clear Enter
    mux send-keys "fg" Enter
    await_flag alternate_on 1
    await_screen 'TASK (2)' 'work a '
    mux send-keys q
    await_flag alternate_on 0
    mux send-keys "stty -a >'$SCRATCH/after'; : >'$SCRATCH/done'" Enter
    await "$SCRATCH/done"
    cmp "$SCRATCH/before" "$SCRATCH/after"
    mux send-keys "clear; '$ROWBUILD' top" Enter
    await_flag alternate_on 1
    await_screen 'TASK (2)'
    kill_run
    await_flag alternate_on 0
    await_screen 'the run was killed'
    end_terminal
}

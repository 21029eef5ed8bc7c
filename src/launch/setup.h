/* `submit_options.*.setup`: the script that runs it once, and what it leaves for the commands.
 *
 * Knows: how a shell says what a setup left (variables, functions, aliases, options, folder, umask,
 * limits), and how another shell takes it over. Doesn't know: when a setup runs, processes.
 *
 * The setup runs in the action's own shell. The shell then writes down what bash or a Bourne shell can
 * tell, and becomes env(1), whose output is the environment exactly. What differs from before is put
 * into the environment of each command, and the rest into a file that the command's shell reads first.
 * So this program doesn't have the setup's library path, which may lead to other libraries. */
#ifndef ROWBUILD_SETUP_H
#define ROWBUILD_SETUP_H

#include "arena.h"
#include "buf.h"
#include "launch.h"

#include <stdbool.h>

/* The files in the setup's own folder. */
#define SETUP_TEXT "setup"      /* the lines themselves, which the shell reads one by one */
#define SETUP_BEFORE "before"   /* umask and limits, as commands */
#define SETUP_AFTER "after"     /* likewise */
#define SETUP_FOLDER "folder"   /* where it ended */
#define SETUP_SHELL "shell"     /* bash: commands that restore the rest; else what `set` prints */
#define SETUP_OPTIONS "options" /* bash: commands that restore options */
#define SETUP_ENVIRONMENT "environment"
#define SETUP_STATE "state" /* what commands read */

/* What a setup left, by the names of these files. */
struct setup_files {
    struct slice before;
    struct slice after;
    struct slice folder;
    struct slice shell;
    struct slice options;
    struct slice environment;
};

/* Appends the script; `folder` is the path of the setup's own folder. */
void setup_add_script(const struct action *action, const char *folder, struct buf *out);

/* Takes what was left: fills in the variables, in `arena`, and appends the text for SETUP_STATE.
 * `started` is the environment that the setup was started with, `project` the folder. False: the
 * setup ended its shell before anything was written, or left->is_unclear. */
bool setup_take(const struct setup_files *files, char *const *started, struct slice project,
                struct slice setup, struct launch_setup *left, struct arena *arena,
                struct buf *state);

#endif

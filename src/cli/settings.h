/* Holds what the user asked for on the command line and in the environment.
 *
 * Knows: the options of the library's calls, in the library's own structures. Doesn't know: the
 * options' names (commands.h), how they are read (command_line.h). Strings are borrowed from argv
 * and the environment. */
#ifndef ROWBUILD_SETTINGS_H
#define ROWBUILD_SETTINGS_H

#include "options.h"
#include "rowbuild.h"
#include "vec.h"

#include <stdbool.h>

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct operand {
    const char *text;
    bool literal; /* after "--" */
};

struct display_settings {
    bool verbose;
    unsigned quiet; /* 2: neither errors nor failures, only the exit status */
    bool json;
    const char *events; /* file for the events of a run */
    enum rowbuild_format format;
    bool format_given;
    const char *output; /* file for the document in that format */
    bool no_progress;
    bool clear_progress;
    bool plain; /* job: for successful tasks, print only the output of their commands */
    enum colour_when colour;
};

/* Zero is the default of each member. Fields named in brackets are filled in by the commands. */
struct settings {
    const struct command *command;
    bool help;
    bool version;
    bool schema;       /* check */
    bool strict;       /* check: warnings are errors */
    bool outside;      /* audit */
    bool keep_records; /* audit */
    bool follow;       /* show log */
    bool once;         /* top */
    bool dry_run;      /* run, submit, clean, points */
    bool asks;         /* with it: status 1 where something would run (make -q) */
    bool exit_code;    /* run -n: status 4 where something would run */
    bool yes;          /* run, submit, clean */
    bool prune;        /* points */
    bool null;         /* targets on standard input end with NUL */

    enum rowbuild_watch watch_by; /* audit */

    string_list directories; /* -C, entered one after the other */
    string_list actions;
    string_list values; /* show directories: the columns */
    string_list writes; /* points: directories to overwrite */
    VEC(struct operand) operands;

    struct display_settings display;
    struct rowbuild_options project;
    struct rowbuild_selection selection;   /* [actions, targets] */
    struct rowbuild_run_options run;       /* [yes] */
    struct rowbuild_show_options show;     /* [json, colour, values, cluster] */
    struct rowbuild_submit_options submit; /* [dry_run, scheduler_options] */
    struct rowbuild_clean_options clean;   /* [dry_run, yes] */
    struct rowbuild_crate_options crate;
    struct rowbuild_init_options init;
};

#endif

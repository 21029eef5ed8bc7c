/* Runs the command `rowbuild`, from its arguments to its exit status.
 *
 * Knows the order: descriptors, arguments, help, directory, command. */
#ifndef ROWBUILD_CLI_H
#define ROWBUILD_CLI_H

int cli_main(int argc, char **argv);

#endif

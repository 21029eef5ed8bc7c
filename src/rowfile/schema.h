/* The JSON Schema (draft 2020-12) of a Rowfile, for editors.
 *
 * Knows: what grammar/rowfile.keys says about each key. Doesn't know: rules that only the loader
 * can check. */
#ifndef ROWBUILD_SCHEMA_H
#define ROWBUILD_SCHEMA_H

/* One JSON document followed by a newline; constant. */
const char *rowfile_schema(void);

#endif

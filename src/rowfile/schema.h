/* The JSON Schema (draft 2020-12) of a Rowfile, for editors.
 *
 * Knows: what grammar/rowfile.keys says of each key. Doesn't know: what only the loader can
 * check. */
#ifndef ROWBUILD_SCHEMA_H
#define ROWBUILD_SCHEMA_H

/* One JSON document with a newline after it; constant. */
const char *rowfile_schema(void);

#endif

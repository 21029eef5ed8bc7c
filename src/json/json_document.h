/* A document of what json-c has parsed. The only header of this folder with json-c's types. */
#ifndef ROWBUILD_JSON_DOCUMENT_H
#define ROWBUILD_JSON_DOCUMENT_H

#include "json.h"

/* json-c has an `enum json_type` too. */
#define json_type jsonc_type
#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#undef json_type

/* A copy of json-c's tree (NULL: null), which the caller frees with json_free; `*members` is the number
 * of members of all its objects. NULL if a number is too large for a float. */
struct json *json_document_of(struct json_object *tree, size_t *members);

#endif

#include "zip.h"

#include "archive_library.h"
#include "text.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MODE = 0644, PROGRAM_MODE = 0755, FOLDER_MODE = 0755 };

struct zip {
    const struct archive_library *library;
    struct archive *archive;
    struct archive_entry *entry;
    locale_t utf8; /* (locale_t)0: the system has none, and names aren't marked */
    zip_write_fn *write;
    void *context;
    const char *name;
    int error; /* of `write` */
};

static la_ssize_t take(struct archive *archive, void *context, const void *bytes, size_t len)
{
    (void)archive;
    struct zip *zip = context;
    if (zip->error == 0) {
        zip->error = zip->write(zip->context, bytes, len);
    }
    return zip->error == 0 ? (la_ssize_t)len : -1;
}

/* Reports what went wrong last. */
static int fail(struct zip *zip, struct diag *diag)
{
    const char *reason = zip->error != 0 ? strerror(zip->error) /* NOLINT(concurrency-mt-unsafe) */
                                         : zip->library->archive_error_string(zip->archive);
    return diag_state_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be written: %s", zip->name,
                            reason != NULL ? reason : "libarchive doesn't say why");
}

struct zip *zip_begin(zip_write_fn *write, void *context, const char *name, struct diag *diag)
{
    const struct archive_library *library = archive_library_open(diag);
    if (library == NULL) {
        return NULL;
    }
    struct zip *zip = mem_alloc(sizeof *zip);
    *zip = (struct zip){
        .library = library,
        .archive = library->archive_write_new(),
        .entry = library->archive_entry_new(),
        .utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0),
        .write = write,
        .context = context,
        .name = name,
    };
    if (library->archive_write_set_format_zip(zip->archive) != ARCHIVE_OK ||
        library->archive_write_set_bytes_in_last_block(zip->archive, 1) != ARCHIVE_OK ||
        library->archive_write_open(zip->archive, zip, NULL, take, NULL) != ARCHIVE_OK) {
        fail(zip, diag);
        zip_free(zip);
        return NULL;
    }
    return zip;
}

void zip_free(struct zip *zip)
{
    if (zip == NULL) {
        return;
    }
    if (zip->error == 0) {
        zip->error = ECANCELED; /* what is still buffered isn't wanted */
    }
    zip->library->archive_entry_free(zip->entry);
    zip->library->archive_write_free(zip->archive);
    if (zip->utf8 != (locale_t)0) {
        freelocale(zip->utf8);
    }
    free(zip);
}

/* libarchive marks a name as UTF-8 if that is the encoding of the thread's locale. A name that isn't
 * UTF-8 is written as it is, unmarked. */
static int write_header(struct zip *zip, const char *path, struct diag *diag)
{
    bool marks = zip->utf8 != (locale_t)0 && text_is_utf8(slice_of(path));
    locale_t before = marks ? uselocale(zip->utf8) : (locale_t)0;
    int result = zip->library->archive_write_header(zip->archive, zip->entry);
    if (marks) {
        uselocale(before);
    }
    return result == ARCHIVE_OK ? 0 : fail(zip, diag);
}

int zip_begin_file(struct zip *zip, const char *path, uint64_t size, int64_t mtime_s,
                   bool is_executable, struct diag *diag)
{
    const struct archive_library *library = zip->library;
    library->archive_entry_clear(zip->entry);
    library->archive_entry_set_pathname(zip->entry, path);
    library->archive_entry_set_filetype(zip->entry, AE_IFREG);
    library->archive_entry_set_perm(zip->entry, is_executable ? PROGRAM_MODE : FILE_MODE);
    library->archive_entry_set_size(zip->entry, (la_int64_t)size);
    library->archive_entry_set_mtime(zip->entry, (time_t)mtime_s, 0);
    return write_header(zip, path, diag);
}

int zip_add(struct zip *zip, const void *bytes, size_t len, struct diag *diag)
{
    const char *at = bytes;
    while (len > 0) {
        la_ssize_t taken = zip->library->archive_write_data(zip->archive, at, len);
        if (taken <= 0) {
            return fail(zip, diag);
        }
        at += taken;
        len -= (size_t)taken;
    }
    return 0;
}

int zip_add_folder(struct zip *zip, const char *path, struct diag *diag)
{
    const struct archive_library *library = zip->library;
    library->archive_entry_clear(zip->entry);
    library->archive_entry_set_pathname(zip->entry, path);
    library->archive_entry_set_filetype(zip->entry, AE_IFDIR);
    library->archive_entry_set_perm(zip->entry, FOLDER_MODE);
    return write_header(zip, path, diag);
}

int zip_end(struct zip *zip, struct diag *diag)
{
    return zip->library->archive_write_close(zip->archive) == ARCHIVE_OK ? 0 : fail(zip, diag);
}

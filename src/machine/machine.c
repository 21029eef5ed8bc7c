#include "machine.h"

#include "cgroup.h"
#include "memory.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An environment variable that is set temporarily. */
struct setting {
    const char *name;
    char *before; /* NULL: it wasn't set */
};

static struct setting setting_begin(const char *name, const char *value)
{
    const char *old = getenv(name);
    struct setting setting = {name, old != NULL ? mem_copy(old, strlen(old)) : NULL};
    setenv(name, value, 1);
    return setting;
}

static void setting_end(struct setting *setting)
{
    if (setting->before != NULL) {
        setenv(setting->name, setting->before, 1);
    } else {
        unsetenv(setting->name);
    }
    free(setting->before);
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

/* hwloc falls back to the real machine when it can't read the file. A user who names a file wants
 * an error instead. */
static int check_file(struct diag *diag)
{
    const char *file = getenv("HWLOC_XMLFILE");
    if (file != NULL && file[0] != '\0' && access(file, R_OK) != 0) {
        return diag_state_error(diag, FINDING_MACHINE_UNKNOWN, "HWLOC_XMLFILE: %s: %s", file,
                                strerror(errno));
    }
    return 0;
}

static bool is_fake(void)
{
    const char *claims = getenv("HWLOC_THISSYSTEM");
    bool elsewhere = is_set("HWLOC_SYNTHETIC") || is_set("HWLOC_XMLFILE") || is_set("HWLOC_FSROOT");
    return elsewhere && (claims == NULL || strcmp(claims, "1") != 0);
}

enum contents {
    CORES,
    DEVICES, /* of the whole machine, also where this process may not run */
};

static int load(hwloc_topology_t topology, enum contents contents, struct diag *diag)
{
    static const unsigned long ours =
        HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING;
    static const unsigned long blacklist = HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST;
    enum hwloc_type_filter_e pci =
        contents == DEVICES ? HWLOC_TYPE_FILTER_KEEP_ALL : HWLOC_TYPE_FILTER_KEEP_NONE;
    if (hwloc_topology_set_flags(topology, contents == DEVICES || is_fake() ? 0 : ours) != 0 ||
        hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE) != 0 ||
        hwloc_topology_set_type_filter(topology, HWLOC_OBJ_PCI_DEVICE, pci) != 0 ||
        hwloc_topology_set_components(topology, blacklist, "x86") != 0 ||
        hwloc_topology_load(topology) != 0) {
        return diag_state_error(diag, FINDING_MACHINE_UNKNOWN,
                                "the machine's topology can't be read: %s", strerror(errno));
    }
    return 0;
}

/* The dense number of `key`, in order of first appearance. */
static unsigned dense(unsigned *keys, unsigned *count, unsigned key)
{
    for (unsigned i = 0; i < *count; i++) {
        if (keys[i] == key) {
            return i;
        }
    }
    keys[*count] = key;
    return (*count)++;
}

static unsigned numa_key(hwloc_obj_t core)
{
    int first = core->nodeset != NULL ? hwloc_bitmap_first(core->nodeset) : -1;
    return first >= 0 ? (unsigned)first : 0;
}

static unsigned package_key(hwloc_topology_t topology, hwloc_obj_t core)
{
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, core);
    return package != NULL ? package->logical_index : 0;
}

static struct cpumask pus_of(hwloc_obj_t core)
{
    struct cpumask pus = {0};
    for (int cpu = hwloc_bitmap_first(core->cpuset); cpu >= 0;
         cpu = hwloc_bitmap_next(core->cpuset, cpu)) {
        cpumask_set(&pus, (unsigned)cpu);
    }
    return pus;
}

static void take_cores(struct machine *machine, hwloc_topology_t topology)
{
    /* Some virtual machines show no cores. */
    int found = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    hwloc_obj_type_t type = found > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
    size_t count = (size_t)hwloc_get_nbobjs_by_type(topology, type);
    unsigned *numas = mem_alloc(count * sizeof *numas);
    unsigned *packages = mem_alloc(count * sizeof *packages);
    machine->cores = mem_alloc(count * sizeof *machine->cores);
    for (unsigned i = 0; i < count; i++) {
        hwloc_obj_t object = hwloc_get_obj_by_type(topology, type, i);
        struct cpumask pus = pus_of(object);
        if (cpumask_count(&pus) == 0) {
            continue; /* only CPUs beyond CPUMASK_LIMIT */
        }
        struct machine_core *core = &machine->cores[machine->core_count];
        core->pus = pus;
        core->number = (unsigned)machine->core_count++;
        core->numa = dense(numas, &machine->numa_count, numa_key(object));
        core->package = dense(packages, &machine->package_count, package_key(topology, object));
    }
    free(numas);
    free(packages);
}

static uint64_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
}

static void take_limits(struct machine *machine, hwloc_topology_t topology)
{
    if (!machine->is_real) {
        machine->memory_bytes = hwloc_get_root_obj(topology)->total_memory;
    }
    if (machine->memory_bytes == 0) {
        machine->memory_bytes = physical_memory();
    }
    if (machine->is_real) {
        struct cgroup_limits limits = cgroup_read("");
        machine->cpu_quota = limits.cpus;
        if (limits.memory_bytes > 0 && limits.memory_bytes < machine->memory_bytes) {
            machine->memory_bytes = limits.memory_bytes;
        }
    }
}

/* The caller destroys *topology unless it is NULL, also after an error. */
static int open_topology(enum contents contents, hwloc_topology_t *topology, struct diag *diag)
{
    *topology = NULL;
    if (check_file(diag) != 0) {
        return -1;
    }
    struct setting plugins = setting_begin("HWLOC_PLUGINS_PATH", "/nonexistent");
    struct setting complaints = setting_begin("HWLOC_HIDE_ERRORS", "2");
    int result = hwloc_topology_init(topology) == 0
                     ? load(*topology, contents, diag)
                     : diag_state_error(diag, FINDING_MACHINE_UNKNOWN, "hwloc can't be started: %s",
                                        strerror(errno));
    setting_end(&complaints);
    setting_end(&plugins);
    return result;
}

/* Whether the PCI class is a display of any kind or a processing accelerator. */
static bool computes(const struct hwloc_pcidev_attr_s *device)
{
    unsigned base_class = device->class_id >> 8U;
    return base_class == 0x03 || base_class == 0x12;
}

struct machine_gpus machine_count_gpus(void)
{
    static const unsigned short nvidia = 0x10de;
    static const unsigned short amd = 0x1002;
    struct machine_gpus gpus = {0, 0};
    struct diag unheard;
    hwloc_topology_t topology;
    diag_init(&unheard);
    if (open_topology(DEVICES, &topology, &unheard) == 0) {
        hwloc_obj_t device = NULL;
        while ((device = hwloc_get_next_pcidev(topology, device)) != NULL) {
            const struct hwloc_pcidev_attr_s *pci = &device->attr->pcidev;
            gpus.nvidia += computes(pci) && pci->vendor_id == nvidia;
            gpus.amd += computes(pci) && pci->vendor_id == amd;
        }
    }
    if (topology != NULL) {
        hwloc_topology_destroy(topology);
    }
    diag_release(&unheard);
    return gpus;
}

int machine_read(struct machine *machine, struct diag *diag)
{
    hwloc_topology_t topology;
    *machine = (struct machine){0};
    int result = open_topology(CORES, &topology, diag);
    if (result == 0) {
        machine->is_real = hwloc_topology_is_thissystem(topology) != 0;
        take_cores(machine, topology);
        take_limits(machine, topology);
        if (machine->core_count == 0) {
            machine_release(machine);
            result = diag_state_error(diag, FINDING_MACHINE_UNKNOWN,
                                      "this process may not use any core of this machine");
        }
    }
    if (topology != NULL) {
        hwloc_topology_destroy(topology);
    }
    return result;
}

void machine_release(struct machine *machine)
{
    free(machine->cores);
    free(machine->hosts);
    *machine = (struct machine){0};
}

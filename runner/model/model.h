/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's OOM rules as pure functions: a scene (machine, memcgs, tasks), an OOM (who asked, for what) and an
 * era go in, a decision comes out. No I/O, no globals, exact integers. All sizes are base pages unless a name says
 * otherwise.
 *
 * Three ways to use it:
 *   the judge    fills a scene from a snapshot, gives the trigger `more` pages (it will have grown by then), calls
 *                model_out_of_memory() and, after the fact, again with the rows of the report's table.
 *   explain      has only a table's rows: ORDER_GIVEN, model_oom.constraint and .totalpages set; memcg -1. Where the
 *                swap in totalpages is not known: decide with the least; the choice holds below the raise_totalpages
 *                of model_what_would_save() (since signed_points).
 *   audit        fills a scene from /proc and asks for a global OOM, or one in any cgroup; again without the victim.
 *
 * Start every struct from its *_init(): zero is not the default of all members. Nothing is owned by a scene.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/constraint.h"
#include "model/era.h"

#define MODEL_NO_LIMIT   UINT64_MAX	/* "max" */
#define MODEL_INELIGIBLE INT64_MIN	/* points of a task that can't be chosen (LONG_MIN in mm/oom_kill.c) */
#define MODEL_ORIGIN     INT64_MAX	/* points of a task inside swapoff() or a KSM unmerge: chosen before all */
#define MODEL_ALL_NODES  UINT64_MAX
#define ADJ_MIN (-1000)
#define ADJ_MAX 1000

/* What badness counts, by kind. On a kernel without shmem_counter shmem is part of file and stays 0 here. From a table
 * that has only `rss`, put it in anon: only the sum matters for the choice. */
struct model_pages {
	int64_t anon, file, shmem;
	int64_t swap;		/* swap entries */
	int64_t ptes;		/* nr_ptes; with pgtables_bytes: bytes of all page tables / page size (VmPTE) */
	int64_t pmds;		/* nr_pmds; counted only with pgtables_pmds */
};

struct model_task {
	int64_t pid;		/* carried for the caller */
	const char *comm;	/* carried for the caller, borrowed; may be NULL */
	struct model_pages pages;
	int64_t less, more;	/* at the decision the base may be smaller, or larger, by so many pages */
	int adj;		/* oom_score_adj */
	int memcg;		/* index in the scene, or -1: outside all of them (the root) */
	int owner_memcg;	/* memcg of the mm's owner; default MODEL_SAME */
	int css_set;		/* orders tasks within a memcg before `joined`: rank of their css_set's creation */
	uint64_t joined;	/* order of joining the memcg (fork or move); equal: as the array has them */
	int parent;		/* index of the parent task, or -1 */
	int mm;			/* > 0: tasks with the same number share an mm; 0: its own. At most n_tasks */
	int pidns;		/* > 0: tasks of one PID namespace other than the first */
	int threads;		/* default 1 */
	uint64_t mems;		/* Mems_allowed, of all threads together */
	enum policy_mode policy;	/* task policy; with several threads that of the least restricted */
	uint64_t policy_nodes;
	bool init;		/* the first PID namespace's init */
	bool kthread;
	bool no_mm;		/* no thread has an mm: a zombie */
	bool skip;		/* MMF_OOM_SKIP */
	bool in_vfork;		/* a vfork child before exec */
	bool origin;		/* in swapoff() or a write of 2 to KSM's run */
	bool in_flight;		/* an OOM victim that is still dying */
	bool exiting;		/* SIGKILL pending or in do_exit(), all sharers of its mm too, not dumping core */
	bool in_exit;		/* all its threads have entered do_exit() */
	bool cap_sys_admin;	/* in the first user namespace; for root_bonus */
	bool pidns_init;	/* pid 1 of its `pidns` */
};
#define MODEL_SAME (-2)

struct model_memcg {
	int parent;		/* index, smaller than its own; -1: the root's. Siblings in order of creation */
	uint64_t limit;		/* memory.max or memory.limit_in_bytes */
	uint64_t swap_limit;	/* v2: memory.swap.max */
	uint64_t memsw_limit;	/* v1: memory.memsw.limit_in_bytes; MODEL_NO_LIMIT where swap is not accounted */
	int swappiness;		/* v1: its own; v2: ignored, the machine's counts */
	bool group;		/* memory.oom.group */
	bool oom_kill_disable;	/* v1 */
};

struct model_machine {
	uint64_t totalram;	/* MemTotal */
	uint64_t total_swap;	/* SwapTotal, not the free part */
	int swappiness;		/* vm.swappiness */
	int page_size;		/* bytes */
	uint64_t nodes;		/* mask of the nodes with memory; 0: not NUMA */
	uint64_t node_pages[64];	/* present (node_present) or spanned pages: /proc/zoneinfo, summed over zones */
	int panic_on_oom;	/* vm.panic_on_oom */
	bool kill_allocating_task;	/* vm.oom_kill_allocating_task */
};

/* In which order does the kernel see the tasks? It decides ties, and the order of a group kill. */
enum model_order {
	ORDER_CREATED,		/* the array is in order of creation (start time, pid); memcg scans follow the tree */
	ORDER_GIVEN,		/* the array is the order of the scan, whatever the domain */
	ORDER_UNKNOWN,		/* a tie can go either way */
};

struct model_scene {
	struct model_machine machine;
	const struct model_task *tasks;	/* processes, not threads */
	size_t n_tasks;
	const struct model_memcg *memcgs;
	size_t n_memcgs;
	enum model_order order;
	bool v1;		/* memcgs are of cgroup v1 */
	bool localevents;	/* cgroup2 is mounted memory_localevents */
};

/* Who asks the killer for help, and for what (struct oom_control and current). */
enum model_trigger {
	TRIGGER_FAULT,		/* a user page fault */
	TRIGGER_SYSCALL,	/* a charge or allocation in a system call */
	TRIGGER_LIMIT_WRITE,	/* memory.max written below usage */
	TRIGGER_SYSRQ,
	TRIGGER_KSWAPD,		/* MGLRU's min_ttl_ms */
};

struct model_oom {
	enum model_trigger trigger;
	int memcg;		/* index of the memcg at its limit; -1: none */
	int current;		/* index of the task that asked; -1: not one of the scene */
	bool sole_charger;	/* nobody else allocates in the domain meanwhile */
	/* what the page allocator knew; ignored for a memcg */
	bool no_zonelist;	/* page-fault OOM, MGLRU: the constraint is always NONE */
	bool thisnode;		/* __GFP_THISNODE */
	bool kernel_memory;	/* no __GFP_HARDWALL: not confined by the cpuset */
	bool no_fs;		/* no __GFP_FS: nobody is killed */
	bool has_nodemask;	/* nodemask of a bind policy */
	uint64_t nodemask;
	uint64_t current_mems;	/* Mems_allowed of current */
	/* what is known already (from a log), instead of computing it */
	enum constraint constraint;	/* CONSTRAINT_ANY: compute */
	uint64_t totalpages;	/* 0: compute */
};

void model_task_init(struct model_task *task);
void model_memcg_init(struct model_memcg *memcg);
void model_machine_init(struct model_machine *machine);
void model_scene_init(struct model_scene *scene);
void model_oom_init(struct model_oom *oom);	/* a user page fault, global */

/* --- badness.c ---------------------------------------------------------------------------------------------- */

/* The pages of a task that badness starts from, before root bonus and adj (mm/oom_kill.c:oom_badness). */
int64_t model_base(const struct era *era, const struct model_pages *pages);

/* The points of an eligible task: base, root bonus, adj * (totalpages / 1000), and the floor of old kernels. */
int64_t model_points(const struct era *era, int64_t base, int adj, bool cap_sys_admin, uint64_t totalpages);

/* The points of kernels before 3.6 (and of RHEL 6), which are thousandths of totalpages: at least 1 for an eligible
 * task, adj taken as it is, 30 less for CAP_SYS_ADMIN. Of equals the first is chosen. */
int64_t model_points_permille(int64_t base, int adj, bool cap_sys_admin, uint64_t totalpages);

/* Pages that one step of oom_score_adj is worth. 0: oom_score_adj has no effect, except -1000. */
int64_t model_adj_unit(uint64_t totalpages);

/* What /proc/PID/oom_score reads for these points (MODEL_INELIGIBLE too), totalpages being RAM + swap of the machine
 * (fs/proc/base.c:proc_oom_score). */
int64_t model_oom_score(const struct era *era, int64_t points, uint64_t totalpages);

/* The points that read as this oom_score: [*min, *max]. -1: no points do. A score of 0 on a signed_points kernel means
 * not eligible; on others it may also mean few or net-negative points, and *min is then 1. */
int model_points_of_score(const struct era *era, int64_t score, uint64_t totalpages, int64_t *min, int64_t *max);

/* The "score" of old kernels' "Kill process" line: points * 1000 / totalpages, totalpages of the constraint. */
int64_t model_log_score(int64_t points, uint64_t totalpages);

/* By how many pages the base that the kernel compares may differ from what a source tells of a quiet task.
 * cpus: online CPUs. */
enum model_source {
	SOURCE_STATUS,		/* /proc/PID/status: VmSwap, RssAnon, RssFile, RssShmem */
	SOURCE_TOUCHED,		/* what the program knows it has touched */
	SOURCE_TABLE,		/* the task table of the same report: 0 */
};
int64_t model_rss_error(const struct era *era, enum model_source source, int cpus, int threads);

/* How many pages of one kind the mm's own counter may lack, because a thread has not given them over yet. Reclaim counts at
 * the mm (mm/rmap.c:try_to_unmap_one), so that more may be in swap than status had shown. */
int64_t model_rss_held(const struct era *era, int threads);

/* --- domain.c ----------------------------------------------------------------------------------------------- */

/* totalpages of a memcg OOM (mm/memcontrol.c:mem_cgroup_get_max); never 0. */
uint64_t model_memcg_totalpages(const struct era *era, const struct model_machine *machine, bool v1,
				const struct model_memcg *memcg);

/* RAM + swap: what /proc/PID/oom_score is relative to. */
uint64_t model_machine_totalpages(const struct model_machine *machine);

/* mm/oom_kill.c:constrained_alloc(). Sets *totalpages. */
enum constraint model_constraint(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
				 uint64_t *totalpages);

/* Why a task can't be chosen; WHY_ELIGIBLE: it can. In flight and origin are not asked here. */
enum model_why {
	WHY_ELIGIBLE,
	WHY_INIT,
	WHY_KTHREAD,
	WHY_OTHER_MEMCG,
	WHY_OTHER_MEMS,
	WHY_OTHER_POLICY,
	WHY_NO_MM,
	WHY_ADJ,		/* oom_score_adj -1000 */
	WHY_SKIP,		/* MMF_OOM_SKIP */
	WHY_VFORK,
};
const char *model_why_text(enum model_why why);	/* "oom_score_adj is -1000" */
enum model_why model_eligible(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
			      enum constraint constraint, const struct model_task *task);

/* What /proc/PID/oom_score of a task of the scene reads for a reader with these Mems_allowed. */
int64_t model_score_of_task(const struct era *era, const struct model_scene *scene, const struct model_task *task,
			    uint64_t reader_mems);

/* Is memcg `inner` below `outer`, or the same? -1 is the root, above all. */
bool model_memcg_below(const struct model_scene *scene, int inner, int outer);

/* --- order.c ------------------------------------------------------------------------------------------------ */

/* The order in which the kernel scans the tasks of a domain (memcg -1: all tasks): indices into order[], room for
 * n_tasks. Returns how many. Linear, but for tasks that are out of order within a memcg. */
size_t model_scan_order(const struct model_scene *scene, int memcg, int *order);

/* --- decide.c ----------------------------------------------------------------------------------------------- */

enum model_outcome {
	OUTCOME_KILL,		/* victim and deaths are told */
	OUTCOME_SILENT,		/* victim (current, or the chosen one) was dying already: no log, counter or signal */
	OUTCOME_ABORTED,	/* a victim is in flight: nobody else is killed */
	OUTCOME_NO_FS,		/* the allocation may not wait for a kill; it loops */
	OUTCOME_NOBODY,		/* nobody can be killed, no panic (memcg, sysrq) */
	OUTCOME_PANIC,		/* `panic` has the text */
	OUTCOME_FAILS,		/* the killer is not asked: the charge is ENOMEM, the write of a v1 limit EBUSY */
	OUTCOME_SLEEPS,		/* the killer is not asked: v1 oom_kill_disable, the task sleeps until there is room */
};

enum model_how {
	HOW_CHOSEN,		/* has a "Killed process" line */
	HOW_GROUP,		/* by memory.oom.group, has a line */
	HOW_SHARER,		/* shares the mm of one who dies: no line, no count */
	HOW_PIDNS,		/* its PID namespace's init dies: no line, no count */
};

struct model_death {
	int task;		/* index */
	enum model_how how;
	bool again;		/* the group scan comes by once more: as a rule one more line and one more count */
};

struct model_decision {
	enum model_outcome outcome;
	enum constraint constraint;
	uint64_t totalpages;
	int64_t unit;		/* model_adj_unit(totalpages) */
	const char *panic;	/* text of the panic line after "Kernel panic - not syncing: ", or NULL; static */
	bool allocating_task;	/* vm.oom_kill_allocating_task decided: no points were compared */
	int chosen;		/* index of the task with the most points, or -1 */
	int64_t points;		/* of the chosen one */
	int victim;		/* chosen, or the child in its place; -1: none (OUTCOME_SILENT names one too) */
	int64_t victim_points;
	int runner_up;		/* who would be chosen without the chosen one (and who shares its mm); or -1 */
	int64_t runner_up_points;
	int64_t margin_pages;	/* points - runner_up_points; INT64_MAX without a runner-up or for an origin */
	size_t n_eligible;
	/* Under every size that less/more allow and every value of what is unsure in the era: who can be the victim? */
	bool certain;		/* the outcome is certain, and there is one possible victim or none */
	const char *doubt;	/* why not: "sizes", "order", "rules before 3.10" (the model has none of those), or the
				 * name of an unsure behaviour; NULL when certain */
	int *possible;		/* indices, owned */
	size_t n_possible;
	int group;		/* index of the memcg whose tasks all die, or -1 */
	struct model_death *deaths;	/* in the order of the signals, the victim first; owned */
	size_t n_deaths;
};

/* mm/oom_kill.c:out_of_memory(). Free with model_decision_free(). */
void model_out_of_memory(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
			 struct model_decision *decision);
void model_decision_free(struct model_decision *decision);	/* takes a zeroed one too */

/* What becomes of the charge or fault that asked, if current is not the victim (mm/memcontrol.c:try_charge_memcg). */
enum model_charge {
	CHARGE_RETRIED,		/* goes on when there is room */
	CHARGE_FAILS,		/* ENOMEM */
	CHARGE_FORCED,		/* goes over the limit */
	CHARGE_SPINS,		/* the page fault is retried for ever, until a SIGKILL or room */
	CHARGE_SLEEPS,		/* v1 oom_kill_disable */
};
enum model_charge model_charge(const struct era *era, const struct model_oom *oom,
			       const struct model_decision *decision);

/* --- save.c ------------------------------------------------------------------------------------------------- */

/* What would have let the victim live: the nearest change of one number with which the kernel kills somebody else. */
struct model_save {
	bool adj_found;
	int adj;		/* the highest oom_score_adj below its own with which it lives */
	int adj_victim;		/* who dies then; -1: nobody */
	/* Another totalpages gives oom_score_adj another weight. totalpages of a memcg are its limit and swap. */
	bool raise_found, lower_found;
	uint64_t raise_totalpages, lower_totalpages;	/* the nearest larger, smaller one with which it lives */
	int raise_victim, lower_victim;
};
void model_what_would_save(const struct era *era, const struct model_scene *scene, const struct model_oom *oom,
			   const struct model_decision *decision, struct model_save *save);

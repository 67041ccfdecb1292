/* Why a workload goes where it goes, and not elsewhere; see impl.h. */
#include <stdio.h>

#include "control/place/fit.h"
#include "control/place/impl.h"

static void explain_kept(const struct place_request *q, const struct placing *p, size_t at)
{
	for (size_t i = 0; i < p->n_nodes; i++)
		snprintf(q->reasons[i], PLACE_REASON_MAX, "%s",
			 i == at ? "it is there already, or was, and still fits" : "");
}

/* A node that fits too, but less well. */
static void explain_worse(const struct placing *p, const struct place_request *q, size_t i,
			  size_t at)
{
	size_t here = placing_replicas(p, q, i), there = placing_replicas(p, q, at);
	const struct place_node *worse = &p->nodes[i], *better = &p->nodes[at];

	if (here != there)
		snprintf(q->reasons[i], PLACE_REASON_MAX, "has %zu replica%s of '%s', %s has %zu",
			 here, here == 1 ? "" : "s", q->service, better->name, there);
	else if (worse->workloads != better->workloads)
		snprintf(q->reasons[i], PLACE_REASON_MAX, "has %zu workload%s, %s has %zu",
			 worse->workloads, worse->workloads == 1 ? "" : "s", better->name,
			 better->workloads);
	else
		snprintf(q->reasons[i], PLACE_REASON_MAX, "fits as well, %s comes first by name",
			 better->name);
}

static void explain_chosen(const struct place_request *q, size_t at, size_t fitting)
{
	if (fitting)
		snprintf(q->reasons[at], PLACE_REASON_MAX, "has most room of %zu that fit",
			 fitting + 1);
	else
		snprintf(q->reasons[at], PLACE_REASON_MAX, "is the only one that fits");
}

void placing_explain(const struct placing *p, const struct place_request *q, size_t at, bool kept)
{
	size_t fitting = 0;

	if (!q->reasons)
		return;
	if (kept) {
		explain_kept(q, p, at);
		return;
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		if (i == at ||
		    !place_fits(&p->nodes[i], q, placing_replicas(p, q, i), q->reasons[i]))
			continue;
		explain_worse(p, q, i, at);
		fitting++;
	}
	explain_chosen(q, at, fitting);
}

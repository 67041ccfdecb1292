/* libgvc and libcgraph at run time; see render.h. */
#include "ctl/render.h"

#include <dlfcn.h>
#include <graphviz/gvc.h>

#include "base/str.h"

/* The functions used of both libraries, by name; agmemread lives in libcgraph, which libgvc brings
 * in. */
#define FUNCTIONS(X)        \
	X(gvContext)        \
	X(gvFreeContext)    \
	X(gvLayout)         \
	X(gvFreeLayout)     \
	X(gvRenderData)     \
	X(gvFreeRenderData) \
	X(agmemread)        \
	X(agclose)

struct graphviz {
#define X(name) __typeof__(name) *name;
	FUNCTIONS(X)
#undef X
};

static int open_library(struct graphviz *g, struct sp_err *err)
{
	void *library = dlopen("libgvc.so.6", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return sp_fail(err, SP_E_UNSUPPORTED,
			       "graphviz is not installed (Debian: libgvc6): %s", dlerror());
#define X(name)                                     \
	*(void **)&g->name = dlsym(library, #name); \
	if (!g->name)                               \
		return sp_fail(err, SP_E_UNSUPPORTED, "libgvc has no '%s': %s", #name, dlerror());
	FUNCTIONS(X)
#undef X
	return 0;
}

static int draw(const struct graphviz *g, GVC_t *gvc, graph_t *graph, const char *format,
		struct sp_buf *out, struct sp_err *err)
{
	char *data = NULL;
	unsigned int len = 0;

	if (g->gvLayout(gvc, graph, "dot") != 0)
		return sp_fail(err, SP_E_UNSUPPORTED, "graphviz cannot lay the graph out");
	if (g->gvRenderData(gvc, graph, format, &data, &len) == 0 && data) {
		sp_buf_append(out, data, len);
		g->gvFreeRenderData(data);
	}
	g->gvFreeLayout(gvc, graph);
	return len ? sp_buf_check(out, err)
		   : sp_fail(err, SP_E_UNSUPPORTED, "graphviz has no plugin for '%s'", format);
}

int ctl_render(const char *dot, const char *format, struct sp_buf *out, struct sp_err *err)
{
	struct graphviz g = { 0 };
	graph_t *graph;
	GVC_t *gvc;
	int r = open_library(&g, err);

	if (r < 0)
		return r;
	gvc = g.gvContext();
	graph = gvc ? g.agmemread(dot) : NULL;
	r = graph ? draw(&g, gvc, graph, format, out, err)
		  : sp_fail(err, SP_E_INTERNAL, "graphviz does not read the graph");
	if (graph)
		g.agclose(graph);
	if (gvc)
		g.gvFreeContext(gvc);
	return r;
}

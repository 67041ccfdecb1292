/* See text.h. */
#include "agentd/text.h"

#include <jansson.h>
#include <stdbool.h>

void text_clean(char *s)
{
	json_t *probe;
	bool is_utf8;

	for (char *c = s; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	probe = json_string(s); /* refuses what is not UTF-8 */
	is_utf8 = probe != NULL;
	json_decref(probe);
	for (char *c = s; *c && !is_utf8; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
}

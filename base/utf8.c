/* See utf8.h. */
#include "base/utf8.h"

#include <stdint.h>

/* How many bytes follow the first one, and the lowest code point that needs so many; -1: it is none
 * to begin with. */
static int begin(unsigned char c, uint32_t *ret_point, uint32_t *ret_least)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	int more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : 3;

	if (c >= 0x80 && (c < 0xc0 || c > 0xf4))
		return -1;
	*ret_point = c < 0x80 ? c : c & (0x3fu >> more);
	*ret_least = least[more];
	return more;
}

bool sp_utf8_valid(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		uint32_t point = 0, least = 0;
		int more = begin(*p++, &point, &least);

		if (more < 0)
			return false;
		for (; more > 0; more--, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			point = point << 6 | (*p & 0x3fu);
		}
		if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
			return false;
	}
	return true;
}

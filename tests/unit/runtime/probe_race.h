/* The racing half of the probe. None of these returns. */
#pragma once

void race_exchange(const char *a, const char *b);
void race_cover(const char *dir);
void race_hunt(void);
void race_keep(void);

/* Text that came from a container, made fit for events, records and JSON. */
#pragma once

/* In place: control characters become '?', and so does every byte that is not ASCII where the whole
 * is not UTF-8. */
void text_clean(char *s);

/* Macros of the libraries' that are statements, as cppcheck has to see them: it reads no system
 * header. */
#pragma once

#define TestSuite(...)
#define Test(suite, name, ...) void suite##_##name(void)
#define CONTRACT(name)         void name(void)
#define json_array_foreach(list, i, v) \
	for (i = 0; i < json_array_size(list) && (v = json_array_get(list, i)); i++)

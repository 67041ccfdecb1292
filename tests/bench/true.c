/* The smallest program: ends at once, or waits when told so. */
#include <unistd.h>

int main(int argc, char **argv)
{
	while (argc > 1 && argv[1][0] == 'w')
		pause();
	return 0;
}

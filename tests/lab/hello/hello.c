/* The lab's hello-world: prints what the real one prints, made from scratch. */
#include <stdio.h>

int main(void)
{
    puts("\nHello from Docker!\n"
         "This message shows that your installation appears to be working correctly.\n");
    return 0;
}

/* The lab's hello-world prints the same message as the real one. */
#include <stdio.h>

int main(void)
{
    puts("\nHello from Docker!\n"
         "This message shows that your installation appears to be working correctly.\n");
    return 0;
}

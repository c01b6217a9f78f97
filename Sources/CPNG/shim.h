// libpng's simplified API (png_image_*) needs no setjmp, so Swift can call it as it is.
#include <png.h>

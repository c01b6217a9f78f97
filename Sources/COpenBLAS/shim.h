// cblas.h declares the openblas_* thread controls too.
#include <cblas.h>

# What evaluation.py takes of the C compiler: Cython's pure Python mode has no word for it.
cdef extern from *:
    void prefetch "__builtin_prefetch"(const void* address) noexcept nogil

# What kernel.py takes of C itself: Cython's pure Python mode has no word for it.
ctypedef void (*Evaluation)(
    void* evaluator, Py_ssize_t begin, Py_ssize_t length, Py_ssize_t truths_at, Py_ssize_t board_at, Py_ssize_t stride
) noexcept nogil

//! Runs graphs: devices, storage, random numbers, executors, the program cache.

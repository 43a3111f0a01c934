// The words a kernel is written in. The only header kernels include.
//
// A kernel file is CUDA C++ that compiles twice: by nvcc into hourglass::cuda, by the host compiler
// into hourglass::cpu. These words mean the same in both:
//
//   __global__ __device__ __host__ __forceinline__ __launch_bounds__ __restrict__ __grid_constant__
//   threadIdx  blockIdx  blockDim  gridDim
//   __phase__                                  a part of a large kernel: on the CPU a function with
//                                              all it calls, on a GPU a piece of the kernel
//
//   lane()  warp()  warp_thread_count()        who am I: in the warp, which warp of the block
//   block_thread()  block_thread_count()       in the block, over all its dimensions
//   block_warp_count()                         warps of the block, an odd last one included
//   global_thread()  global_thread_count()     in a 1-D grid
//   for (auto i : elements(n))                 my share of 0 .. n-1, in a 1-D grid of any size
//   for (auto i : block_elements(n))           my share of 0 .. n-1 among the threads of my block
//   for (auto i : warp_elements(n))            my warp's share of 0 .. n-1, in a 1-D grid
//   kVectorWidth                               values a thread had best work on side by side
//   kGpuShapes                                 whether blocks may have many threads: on a GPU, and
//                                              on the CPU where the build can emulate
//
//   Smem& smem = shared<Smem>()                the block's dynamic shared memory, all of it
//   sync_warp(mask)  sync_block()              barriers; of blocks: the words of order.hpp
//   shuffle(v, lane, mask)                     v of that lane (modulo 32)
//   shuffle_down(v, delta, mask)               v of the lane delta above; own v beyond the warp
//   shuffle_xor(v, bits, mask)                 v of lane() ^ bits
//   shuffle_xor(Several{...}, bits, mask)      the same of several values at once
//   ballot(truth, mask)                        bit i: lane i's truth, 0 where there is no such lane
//   count_bits(bits)                           how many of them are 1
//   warp_total(v)                              the sum of the lanes' 32-bit integers, in all
//
//   cos_pi(x)                                  cos(pi x)
//   fast_divide(a, b)                          a / b within 2 last places, |b| below 2^126
//   fast_exp(x)                                e^x within 2 last places, x <= 0; 0 below -87
//   fast_log(x)                                log x within 2 last places, x > 0 and normal
//   float_bits(v)  float_from_bits(bits)       a float as the uint32 it is stored as
//
//   atomic_add(address, v)                    relaxed; uint32, uint64, float, double; the old one
//
//   per_element(n, block, shared_bytes)        for a kernel that loops over elements(n)
//   per_block(count, block, shared_bytes)      one block for each of `count` rows, images, ...
//   per_warp(n, block, shared_bytes)           for a kernel that loops over warp_elements(n)
//   launch(stream, config, kernel, args...)    an empty grid launches nothing; throws Error
//   resident_blocks(kernel, block, bytes)      of so many threads and shared bytes, at once
//   most_shared_bytes()                        that a block may have
//   blocks_may_wait()                          for each other: whether launches can be cooperative
//
// Masks are kFullMask unless given and then mean all lanes there are, also in a block's odd last
// warp. A lane outside the mask, or one that does not exist, has no value: reading it is an error
// of the kernel (the emulation hands out a NaN). Write kernels for any block size: the host runs
// blocks of one thread, where barriers do nothing and a shuffle returns its own value. reduce.hpp
// has block_sum, narrow.hpp what launchers count with.
#pragma once

// What the words mean, by who compiles the kernel.
#ifdef __CUDACC__
#include "kernels/simt/cuda.hpp"
#else
#include "kernels/simt/host.hpp"
#endif

// Who runs it: CUDA's runtime, also where the host compiler compiled the CUDA target for the
// rehearsal (docs/rehearsal.md), or threads of this process.
#if defined(__CUDACC__) || defined(HOURGLASS_REHEARSAL)
#include "kernels/simt/launch_cuda.hpp"
#else
#include "kernels/simt/launch_host.hpp"
#endif

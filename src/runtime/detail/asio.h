// The only include of Asio in the project, for sources of runtime/ and net/. Parts, never the umbrella; the
// non-template half is compiled once (detail/asio_impl.cc), so that a file costs 2 s less.
#pragma once

#define BOOST_ASIO_SEPARATE_COMPILATION 1
#define BOOST_ASIO_NO_DEPRECATED 1
#define BOOST_ASIO_DISABLE_VISIBILITY 1

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

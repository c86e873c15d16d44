// The only include of Asio in the project, for sources of runtime/ and net/. Parts, never the
// umbrella: a file that includes this costs about 1.5 s to compile (Asio compiled apart would save
// 0.5 s a file and cost 3.5 s once).
#pragma once

#define BOOST_ASIO_NO_DEPRECATED 1

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

// Asio's own translation unit (BOOST_ASIO_SEPARATE_COMPILATION).
#include "runtime/detail/asio.h"

#include <boost/asio/impl/src.hpp>

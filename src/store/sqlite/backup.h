// A consistent copy of the store's files, made while they are in use.
#pragma once

#include "base/result.h"

#include <string>

namespace posthaste::store::sqlite {

// The store in the folder `store` (queue.db, directory.db, content/), of any format that this
// program knows, into `folder`, which is missing or empty. All messages in the copy are held. On an
// error what was made of the copy is removed again. Any thread; blocks.
Result<void> copy_store(const std::string& store, const std::string& folder);

}  // namespace posthaste::store::sqlite

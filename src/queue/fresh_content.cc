#include "queue/fresh_content.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr std::size_t kRowOctets = 1024;  // about, with its places here
constexpr std::size_t kRecipientOctets = 512;

std::size_t count_octets(const FreshContent::Fresh& fresh) {
    std::size_t octets = kRowOctets + fresh.recipients.size() * kRecipientOctets;
    if (fresh.row->header) octets += fresh.row->header->size();
    if (fresh.row->body.octets) octets += fresh.row->body.octets->size();
    return octets;
}

}  // namespace

store::RecipientRow* FreshContent::Fresh::recipient(std::uint32_t index) {
    const auto found = std::ranges::lower_bound(recipients, index, {}, &store::RecipientRow::index);
    return found == recipients.end() || found->index != index ? nullptr : &*found;
}

void FreshContent::remove(std::list<Item>::iterator item) {
    octets_ -= item->octets;
    places_.erase(item->fresh.row->id);
    items_.erase(item);
}

FreshContent::Fresh& FreshContent::put(std::shared_ptr<const store::MessageRow> row,
                                       std::vector<store::RecipientRow> recipients) {
    drop(row->id);
    Item item{{std::move(row), std::move(recipients)}, 0};
    item.octets = count_octets(item.fresh);
    octets_ += item.octets;
    items_.push_back(std::move(item));
    const auto place = std::prev(items_.end());
    places_.emplace(place->fresh.row->id, place);
    while (octets_ > limit_ && items_.size() > 1) remove(items_.begin());
    return place->fresh;
}

FreshContent::Fresh* FreshContent::find(const QueueId& id) {
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : &found->second->fresh;
}

void FreshContent::drop(const QueueId& id) {
    const auto found = places_.find(id);
    if (found != places_.end()) remove(found->second);
}

}  // namespace posthaste::queue

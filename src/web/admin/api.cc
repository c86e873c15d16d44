#include "web/admin/api.h"

#include "web/admin/certificates.h"
#include "web/admin/directory.h"
#include "web/admin/dkim.h"
#include "web/admin/dns.h"
#include "web/admin/overrides.h"
#include "web/admin/plan.h"
#include "web/admin/queue.h"
#include "web/admin/relay.h"
#include "web/admin/send.h"
#include "web/admin/setup_link.h"
#include "web/admin/sign_ins.h"
#include "web/admin/status.h"
#include "web/admin/sts.h"
#include "web/admin/suppressions.h"
#include "web/admin/trace.h"

namespace posthaste::web {

void add_admin_api(Router& router, AdminServices services) {
    auto shared = std::make_shared<const AdminServices>(std::move(services));
    add_queue_resources(router, shared);
    add_status_resources(router, shared);
    add_trace_resources(router, shared);
    add_directory_resources(router, shared);
    add_dns_resources(router, shared);
    add_plan_resource(router, shared);
    add_dkim_resources(router, shared);
    add_certificate_resources(router, shared);
    add_relay_resources(router, shared);
    add_send_resources(router, shared);
    add_setup_link_resource(router, shared);
    add_sign_in_resource(router, shared);
    add_sts_resources(router, shared);
    add_suppression_resources(router, shared);
    add_override_resources(router, shared);
}

}  // namespace posthaste::web

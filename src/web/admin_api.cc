#include "web/admin_api.h"

#include "web/admin_certificates.h"
#include "web/admin_directory.h"
#include "web/admin_dkim.h"
#include "web/admin_dns.h"
#include "web/admin_overrides.h"
#include "web/admin_plan.h"
#include "web/admin_queue.h"
#include "web/admin_relay.h"
#include "web/admin_send.h"
#include "web/admin_setup_link.h"
#include "web/admin_sign_ins.h"
#include "web/admin_sts.h"
#include "web/admin_trace.h"

namespace posthaste::web {

void add_admin_api(Router& router, AdminServices services) {
    auto shared = std::make_shared<const AdminServices>(std::move(services));
    add_queue_resources(router, shared);
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
    add_override_resources(router, shared);
}

}  // namespace posthaste::web

// What the command table runs, a file per command beside this one. Each gives its exit code.
#pragma once

#include "app/cli/command.h"

namespace posthaste::app::cli {

class AdminClient;

int run_serve(const Arguments& arguments);
int run_try(const Arguments& arguments);
int run_check(const Arguments& arguments);

int run_domain_add(const Arguments& arguments);
int run_domain_list(const Arguments& arguments);
int run_domain_rm(const Arguments& arguments);

int run_account_add(const Arguments& arguments);
int run_account_list(const Arguments& arguments);
int run_account_show(const Arguments& arguments);
int run_account_disable(const Arguments& arguments);
int run_account_enable(const Arguments& arguments);
int run_account_rm(const Arguments& arguments);
int run_account_set(const Arguments& arguments);
int run_account_passwd(const Arguments& arguments);
int run_account_language(const Arguments& arguments);
int run_account_allow(const Arguments& arguments);
int run_account_disallow(const Arguments& arguments);
int run_account_setup_link(const Arguments& arguments);

int run_app_password_new(const Arguments& arguments);
int run_app_password_list(const Arguments& arguments);
int run_app_password_revoke(const Arguments& arguments);

int run_dns_show(const Arguments& arguments);

int run_sts_show(const Arguments& arguments);

int run_dkim_new(const Arguments& arguments);
int run_dkim_import(const Arguments& arguments);
int run_dkim_list(const Arguments& arguments);
int run_dkim_publish(const Arguments& arguments);
int run_dkim_activate(const Arguments& arguments);
int run_dkim_rotate(const Arguments& arguments);
int run_dkim_retire(const Arguments& arguments);
int run_dkim_rm(const Arguments& arguments);

int run_send(const Arguments& arguments);

int run_queue_list(const Arguments& arguments);
int run_queue_show(const Arguments& arguments);
// Its --plan.
Result<int> show_plan(AdminClient& admin, const Arguments& arguments);
int run_queue_hold(const Arguments& arguments);
int run_queue_release(const Arguments& arguments);
int run_queue_retry(const Arguments& arguments);
int run_queue_cancel(const Arguments& arguments);

int run_relay_status(const Arguments& arguments);
int run_relay_login(const Arguments& arguments);

int run_cert_status(const Arguments& arguments);
int run_cert_renew(const Arguments& arguments);

int run_suppression_list(const Arguments& arguments);
int run_suppression_show(const Arguments& arguments);
int run_suppression_add(const Arguments& arguments);
int run_suppression_remove(const Arguments& arguments);
int run_suppression_import(const Arguments& arguments);
int run_suppression_export(const Arguments& arguments);

int run_why(const Arguments& arguments);
int run_trace(const Arguments& arguments);
int run_explain(const Arguments& arguments);
int run_overrides_list(const Arguments& arguments);
int run_overrides_clear(const Arguments& arguments);
int run_status(const Arguments& arguments);
int run_backup(const Arguments& arguments);
int run_store_upgrade(const Arguments& arguments);
int run_bench(const Arguments& arguments);
int run_help(const Arguments& arguments);
int run_version(const Arguments& arguments);

}  // namespace posthaste::app::cli

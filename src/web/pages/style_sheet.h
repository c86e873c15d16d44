// The one style sheet. Colours hold WCAG AA contrast in light and dark; nothing is told by colour
// alone.
#pragma once

#include <string_view>

namespace posthaste::web {

inline constexpr std::string_view kStyleSheet = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --bar: #f4f6f8;
  --link: #0550ae; --mark: #fff6d6; --mark-line: #d4a72c; --danger: #b3202a; --raised: #f8fafb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ec; --soft: #a2acb8; --line: #323a44; --bar: #1b2027;
    --link: #7cb7ff; --mark: #332a10; --mark-line: #b58a1b; --danger: #ff8f8a; --raised: #1a1f26;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
a { color: var(--link); }
::placeholder { color: var(--soft); opacity: 1; }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px;
}
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; z-index: 1; }
header.top { background: var(--bar); border-bottom: 1px solid var(--line); }
header.top > div, main { max-width: 72rem; margin: 0 auto; padding: .75rem 1.25rem; }
header.top > div { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; }
.brand { font-weight: 650; text-decoration: none; color: inherit; white-space: nowrap; }
.brand img { vertical-align: -.25rem; margin-right: .5rem; }
form.search { flex: 1 1 18rem; display: flex; gap: .5rem; max-width: 32rem; margin-left: auto; }
input[type=search] {
  flex: 1; min-width: 0; font: inherit; padding: .35rem .6rem; color: inherit;
  background: var(--paper); border: 1px solid var(--soft); border-radius: 6px;
}
button, .button {
  font: inherit; padding: .35rem .8rem; min-height: 2.2rem; border: 1px solid var(--soft); border-radius: 6px;
  background: var(--raised); color: var(--ink); cursor: pointer; text-decoration: none; display: inline-block;
}
button:hover, .button:hover { border-color: var(--ink); }
button.danger { color: var(--danger); border-color: currentColor; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: .75rem 0; font-weight: 650; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; font-weight: 650; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
.bar { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 1rem 0; }
.bar .push { margin-left: auto; }
.notice { background: var(--mark); border-left: 4px solid var(--mark-line); padding: .6rem .9rem; margin: 1rem 0; }
.empty { border: 1px dashed var(--soft); border-radius: 8px; padding: 1.5rem; margin: 1.25rem 0; background: var(--raised); }
.empty p:first-child { margin-top: 0; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875rem; }
code { background: var(--bar); padding: .1rem .3rem; border-radius: 4px; }
pre { margin: 0; padding: 1rem; background: var(--raised); border: 1px solid var(--line); border-radius: 8px;
  white-space: pre-wrap; tab-size: 4; }
pre.text { font-size: .9375rem; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .875rem; }
th, td { padding: .55rem .75rem .55rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
table.list td.when, table.list td.size { white-space: nowrap; color: var(--soft); font-size: .875rem; }
table.list th { white-space: nowrap; }
table.list td.who { width: 24%; }
table.list tr.unread .subject { font-weight: 650; }
table.list .snippet { color: var(--soft); font-size: .875rem; display: -webkit-box; -webkit-line-clamp: 1;
  -webkit-box-orient: vertical; overflow: hidden; }
.chip { font-size: .75rem; border: 1px solid var(--soft); border-radius: 99px; padding: 0 .5rem; color: var(--soft);
  white-space: nowrap; }
table.facts { width: auto; }
table.facts th { width: 9rem; white-space: nowrap; }
table.facts th, table.facts td { border: 0; padding: .15rem 1rem .15rem 0; }
details { margin: .75rem 0; }
details > summary { cursor: pointer; padding: .2rem 0; }
details.ask { margin: 0; position: relative; }
details.ask > summary { list-style: none; }
details.ask > summary::-webkit-details-marker { display: none; }
details.ask[open] > form { margin-top: .5rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 42rem) {
  header.top > div, main { padding: .75rem 1rem; }
  form.search { margin-left: 0; max-width: none; }
  table.list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.list, table.list tbody, table.list tr, table.list td { display: block; width: auto; }
  table.list tr { padding: .7rem 0; border-bottom: 1px solid var(--line); }
  table.list td, table.list td.who { border: 0; padding: 0; width: auto; }
  table.list td.size { display: none; }
  table.list td.when { float: right; padding-left: .75rem; }
  table.list td.to::before { content: "to "; color: var(--soft); }
  table.list td.who { font-size: .875rem; }
  table.list tr { display: flex; flex-wrap: wrap; }
  table.list td.from { flex: 1 1 50%; } table.list td.when { order: 1; }
  table.list td.to { order: 2; flex: 1 0 100%; } table.list td.what { order: 3; flex: 1 0 100%; }
  table.facts th { width: auto; }
}
@media (prefers-reduced-motion: no-preference) { a, button { transition: border-color .1s; } }
)css";

inline constexpr std::string_view kIcon =
    R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="6" width="28" height="20" rx="4" fill="#0550ae"/><path d="M5 10l11 8 11-8" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>)svg";

}  // namespace posthaste::web

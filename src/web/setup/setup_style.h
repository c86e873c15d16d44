// The style of the set-up page. Colours hold WCAG AA contrast in light and dark (3:1 for borders of
// what can be used); nothing is told by colour alone; only the waiting mark moves, and not where
// less motion is wanted.
#pragma once

#include <string_view>

namespace posthaste::web {

inline constexpr std::string_view kSetupStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #f7f6f2; --sheet: #ffffff; --ink: #1c2024; --soft: #5a616a; --line: #dedbd2; --edge: #7d8590;
  --link: #0b57a4; --on-link: #ffffff; --good: #14683a; --good-sheet: #e9f5ed; --bad: #a3212b; --bad-sheet: #fcefee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --sheet: #1c2024; --ink: #e8e7e3; --soft: #a9b0b8; --line: #333a41; --edge: #7b848e;
    --link: #8fbdf7; --on-link: #0c1b2c; --good: #84d6a0; --good-sheet: #15281c; --bad: #ffa19b; --bad-sheet: #2e1a1a;
  }
}
* { box-sizing: border-box; }
html { font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
.top, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.5rem; }
.top { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; justify-content: space-between;
  padding-top: 1.1rem; padding-bottom: 1.1rem; }
.brand { display: inline-flex; gap: .6rem; align-items: center; min-height: 1.5rem; color: inherit; font-weight: 600;
  text-decoration: none; }
.languages { list-style: none; display: flex; gap: 1.25rem; margin: 0; padding: 0; font-size: .9rem; }
.languages a, .languages span { display: inline-block; padding: .15rem 0; }
.languages span { font-weight: 600; border-bottom: 2px solid currentColor; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, button:focus-visible, input:focus-visible, textarea:focus-visible, summary:focus-visible,
pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 6px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--sheet); z-index: 1; }
h1, h2, h3, h4, p, li, dt, .words { -webkit-hyphens: auto; hyphens: auto; }
code, pre, .codes, .qr figcaption { -webkit-hyphens: manual; hyphens: manual; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.2vw, 2.5rem); line-height: 1.15; letter-spacing: -.02em; font-weight: 650;
  margin: .25rem 0 .75rem; text-wrap: balance; }
h2 { font-size: 1.15rem; line-height: 1.3; letter-spacing: -.005em; font-weight: 650; margin: 0 0 .75rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.4rem 0 .35rem; }
h4 { font-size: .9rem; font-weight: 600; margin: 1rem 0 .25rem; }
p { margin: 0 0 .9rem; }
.lead { font-size: 1.1rem; color: var(--soft); max-width: 36rem; }
.whose { font-size: 1.1rem; color: var(--soft); margin-top: -.4rem; }
.hint, .codes { color: var(--soft); font-size: .875rem; }
.wrong { color: var(--bad); font-size: .875rem; }
.back { margin: 0; font-size: .9rem; }
.back a { display: inline-block; padding: .15rem 0; text-decoration: none; }
.back a:hover { text-decoration: underline; }
.cols { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2rem 3.5rem; padding: 1.25rem 0 3rem; }
.note { max-width: 38rem; padding: 2rem 0 4rem; }
.note h1 { font-size: 1.75rem; }
.note .trouble { margin: 1.75rem 0; }
.index { margin: 0 0 2rem; padding-left: 1.2rem; }
.index li { margin: .5rem 0; }
label { display: block; font-weight: 600; margin-bottom: .35rem; }
input[type=text], textarea { width: 100%; font: inherit; color: inherit; background: var(--sheet); padding: .55rem .75rem;
  border: 1px solid var(--edge); border-radius: 8px; }
textarea { display: block; resize: vertical; font-size: .95rem; }
.ask { max-width: 26rem; margin: 0 0 1.75rem; }
.ask p { margin: .35rem 0 0; }
form.ask { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .35rem .6rem; align-items: center; }
form.ask label, form.ask p { grid-column: 1 / -1; margin: 0; }
form.ask .go { grid-column: 2; grid-row: 2; }
button, .go { font: inherit; color: inherit; cursor: pointer; }
.go { display: inline-block; padding: .5rem 1.1rem; border: 1px solid var(--link); border-radius: 8px; font-weight: 600;
  background: var(--link); color: var(--on-link); text-decoration: none; }
.go:hover { text-decoration: underline; }
.quiet { background: none; color: var(--link); }
.first { position: absolute; width: 1px; height: 1px; padding: 0; border: 0; opacity: 0; pointer-events: none; }
.programs { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
.programs li { display: flex; }
.programs button { flex: 1; display: flex; flex-direction: column; align-items: flex-start; justify-content: center;
  text-align: left; min-height: 5rem; padding: .8rem 1.1rem; background: var(--sheet); border: 1px solid var(--edge);
  border-radius: 12px; }
.programs button:hover { border-color: var(--link); }
.programs button:hover .name { text-decoration: underline; text-underline-offset: .15em; }
.name { font-weight: 600; line-height: 1.35; }
.programs button { position: relative; }
.likely { margin-top: .2rem; font-size: .8rem; font-weight: 600; color: var(--link); }
.likely::before { content: "→ "; }
.way { background: var(--sheet); border: 1px solid var(--line); border-radius: 14px; padding: 1.4rem 1.6rem; margin: 0 0 1.25rem; }
.way > :last-child { margin-bottom: 0; }
.path { line-height: 1.5; }
.path .hint { margin-right: .4rem; }
.arrow { color: var(--soft); }
.fields { margin: 0; }
.fields > div { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: 0 1.25rem; align-items: center;
  padding: .5rem 0; border-top: 1px solid var(--line); }
.fields > div:first-child { border-top: 0; }
.fields dt { color: var(--soft); font-size: .925rem; line-height: 1.35; }
.fields dd { margin: 0; display: flex; gap: .75rem; align-items: center; justify-content: space-between; min-height: 2rem; }
.fields .mark { grid-template-columns: minmax(0, 1fr) auto; }
.mark dt { display: flex; gap: .6rem; align-items: center; color: var(--ink); }
.tick, .circle { flex: none; width: 1.1rem; height: 1.1rem; border: 1.5px solid var(--edge); border-radius: 4px;
  font-size: .8rem; line-height: .95rem; text-align: center; font-weight: 700; }
.on { background: var(--link); border-color: var(--link); color: var(--on-link); }
.on::before { content: "✓"; }
.circle { border: 5px solid var(--link); border-radius: 50%; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .9rem; }
code { font-weight: 600; }
.copy { flex: none; min-height: 2rem; padding: .2rem .75rem; font-size: .825rem; background: none; color: var(--link);
  border: 1px solid var(--line); border-radius: 99px; }
.copy:hover { border-color: var(--link); }
.qr { margin: 1.25rem 0 0; max-width: 15rem; }
.qr svg { display: block; width: 100%; height: auto; border-radius: 10px; border: 1px solid var(--line); }
.qr figcaption { color: var(--soft); font-size: .875rem; margin-top: .5rem; }
.notes { margin: 0; padding-left: 1.2rem; }
.notes li { margin: .35rem 0; }
details { border-top: 1px solid var(--line); }
details:first-of-type { border-top: 0; }
summary { cursor: pointer; padding: .5rem 0; font-weight: 600; }
.snippet { position: relative; margin-bottom: .9rem; }
.snippet pre { margin: 0; padding: .9rem 1rem; overflow-x: auto; background: var(--paper); border-radius: 8px;
  font-size: .825rem; line-height: 1.5; overflow-wrap: normal; }
.snippet .copy { margin-top: .5rem; }
.trouble, .live { background: var(--sheet); border: 1px solid var(--line); border-radius: 14px; padding: 1.4rem 1.6rem; }
.trouble .go { margin-top: .75rem; }
#answer:not(:empty) { margin-top: 1.4rem; padding-top: .4rem; border-top: 1px solid var(--line); }
#answer h3 { font-size: 1.05rem; margin-top: 1rem; }
#answer ol { margin: 0 0 1rem; padding-left: 1.3rem; }
#answer li { margin: .35rem 0; }
.live .good, .live .bad { margin: -1.4rem -1.6rem 0; padding: 1.2rem 1.6rem; border-radius: 13px 13px 0 0; }
.live .good { background: var(--good-sheet); }
.live .bad { background: var(--bad-sheet); }
.live .title { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); gap: .75rem; align-items: start; font-weight: 650;
  font-size: 1.1rem; line-height: 1.4; margin: 0; }
.good .title { color: var(--good); }
.bad .title { color: var(--bad); }
.title::before { content: ""; width: 1.5rem; height: 1.5rem; border-radius: 50%; text-align: center; line-height: 1.5rem;
  font-size: .95rem; font-weight: 700; }
.waiting .title::before { border: 3px solid var(--line); border-top-color: var(--link); }
.good .title::before { content: "✓"; background: var(--good); color: var(--sheet); }
.bad .title::before { content: "!"; background: var(--bad); color: var(--sheet); }
.waiting + .more { padding-top: .6rem; }
.good + .more, .bad + .more { padding-top: 1rem; }
.more > :first-child { margin-top: 0; }
.more > :last-child { margin-bottom: 0; }
.live ol { margin: 0 0 1rem; padding-left: 1.3rem; }
.live li { margin: .3rem 0; }
.facts { margin: 0 0 1rem; font-size: .925rem; }
.facts > div { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 0 1rem; padding: .3rem 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.earlier { list-style: none; margin: 0 0 1rem; padding: 0; font-size: .9rem; color: var(--soft); }
.live form { display: inline-block; margin: 0 .5rem .5rem 0; }
.live .again { margin-bottom: .25rem; }
.lost { color: var(--bad); font-size: .9rem; }
footer { border-top: 1px solid var(--line); padding-top: 1.25rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .875rem; }
footer p { margin: 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (min-width: 62rem) {
  .cols { grid-template: auto auto 1fr / minmax(0, 1fr) 25rem; row-gap: 0; }
  .steps { grid-area: 1 / 1 / 4 / 2; }
  .live { grid-area: 1 / 2 / 2 / 3; margin-bottom: 1.25rem; }
  .trouble { grid-area: 2 / 2 / 3 / 3; }
}
@media (max-width: 40rem) {
  html { font-size: 16px; }
  .top, main, footer { padding-left: 1rem; padding-right: 1rem; }
  .cols { gap: 1.5rem; padding-top: .5rem; }
  .way, .trouble, .live { padding: 1.1rem 1.1rem; border-radius: 12px; }
  .live .good, .live .bad { margin: -1.1rem -1.1rem 0; padding: 1.1rem; border-radius: 11px 11px 0 0; }
  .fields > div { grid-template-columns: minmax(0, 1fr); padding: .6rem 0; }
  .fields .mark { grid-template-columns: minmax(0, 1fr); }
  .fields .mark dd { min-height: 0; padding-left: 1.7rem; }
  .facts > div { grid-template-columns: minmax(0, 1fr); }
  .programs { gap: .6rem; }
  .programs button { min-height: 4rem; padding: .65rem 1rem; }
}
@media (prefers-reduced-motion: no-preference) {
  .waiting .title::before { animation: wait 1.6s linear infinite; }
  @keyframes wait { to { transform: rotate(1turn); } }
}
@media print { .copy, .trouble, .languages, .skip { display: none; } }
)css";

}  // namespace posthaste::web

// How the page looks: both themes, phones first.

/** Style sheet of the page. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fbfbf9; --ink: #1c1d1f; --soft: #5c6066; --line: #d6d6d0; --accent: #0b5d8f; --bad: #a32020; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181b; --ink: #ececea; --soft: #a0a5ab; --line: #3a3e44; --accent: #7cc0ea; --bad: #ff9a8f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.35rem; margin: .5rem 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; color: var(--soft); }
a { color: var(--accent); }
form { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0; align-items: end; }
label { display: grid; gap: .2rem; font-size: .85rem; color: var(--soft); min-width: 0; }
label.check { grid-template-columns: auto 1fr; align-items: center; min-height: 2.75rem; }
input, select, button { font: inherit; color: var(--ink); background: transparent; border: 1px solid var(--line); border-radius: .4rem;
  padding: .5rem .6rem; min-height: 2.75rem; width: 100%; min-width: 0; }
select option { color: #1c1d1f; background: #fff; }
label.check input { width: 1.2rem; min-height: 1.2rem; }
button { border-color: var(--accent); color: var(--accent); font-weight: 600; cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#status { min-height: 1.5rem; color: var(--ink); }
#status.bad { color: var(--bad); }
#player { display: grid; grid-template-columns: auto 1fr auto; gap: .75rem; align-items: center; }
#player button { width: 6rem; }
#player input { padding: 0; }
#fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr)); gap: 1rem; margin: 1rem 0; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .85rem; color: var(--soft); display: flex; justify-content: space-between; gap: .5rem; flex-wrap: wrap; }
canvas { width: 100%; image-rendering: pixelated; border-radius: .3rem; border: 1px solid var(--line); display: block; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .4rem; font-size: .85rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
[hidden] { display: none !important; }
`;

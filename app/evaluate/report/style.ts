// How reports look: one column on a phone, cards beside each other where there is room, both themes, on paper too.

import { gradientOf, PICTURE_MAPS } from "./planes.ts";

const MAPS = PICTURE_MAPS.map((map) => `.map-${map}{background:${gradientOf(map)}}`).join("");

/** Style of a report's page. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e8eaed);--faint:light-dark(#566069,#a2abb5);
--ground:light-dark(#f6f7f9,#16181c);--card:light-dark(#fff,#1f2227);--line:light-dark(#d8dde3,#363b43);
--link:light-dark(#1a5f8f,#8cc4ec);--shade:light-dark(#0003,#0009);--warn:light-dark(#8a4b00,#f0b45c)}
*{box-sizing:border-box}html{scroll-padding-top:12px}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);overflow-wrap:anywhere}
main{max-width:1160px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:27px;line-height:1.2;margin:0 0 6px}h2{font-size:21px;margin:0 0 10px;line-height:1.25}
h3{font-size:17px;margin:26px 0 8px}
p{margin:0 0 10px}ul{margin:0 0 12px;padding-left:20px}li{margin:2px 0}a{color:var(--link)}
header p,header ul{max-width:76ch}.faint{color:var(--faint)}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:8px 18px;margin:14px 0 0}
nav a{display:inline-block;padding:3px 0}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px;margin:18px 0 0}
section>p,section>ul{max-width:84ch}
.notes{list-style:none;padding:8px 12px;border-left:3px solid var(--warn);background:var(--ground);border-radius:0 8px 8px 0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--column)),1fr));gap:18px 24px;margin:8px 0 14px}
.card{min-width:0;container-type:inline-size}
.wide{overflow-x:auto;margin:0 0 16px;background:linear-gradient(90deg,var(--card) 40%,transparent) 0 0/36px 100% local no-repeat,
linear-gradient(270deg,var(--card) 40%,transparent) 100% 0/36px 100% local no-repeat,
linear-gradient(90deg,var(--shade),transparent) 0 0/14px 100% no-repeat,
linear-gradient(270deg,var(--shade),transparent) 100% 0/14px 100% no-repeat}
.wide:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;min-width:min(100%,460px)}
.card table{width:100%;min-width:0}
.caption{font-weight:600;font-size:14px;margin:0 0 4px;max-width:76ch}
th{font-weight:500;text-align:left}thead th{color:var(--faint);vertical-align:bottom}
td,thead th:not(:first-child){text-align:right}td,th{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
td:last-child,th:last-child{padding-right:0}table{overflow-wrap:normal}tbody th{min-width:7em;max-width:22em}td{white-space:nowrap}
.words td{text-align:left;white-space:normal}.words thead th{text-align:left!important}
td b{font-weight:700}td small{display:block;color:var(--faint);font-size:12px}
.plot{display:block;width:100%;height:auto;overflow:visible}.plot text{font-size:12.5px;fill:var(--faint);paint-order:stroke;stroke:var(--card);stroke-width:3px}
@container(max-width:390px){.plot text{font-size:14.5px}}
.rule{stroke:currentColor;stroke-opacity:.13;fill:none}.mark{stroke:var(--faint);stroke-dasharray:1 3;fill:none}
.bar,.dot{fill:#2b83ba}.span{stroke:#2b83ba;stroke-width:2.5;fill:none}
.key{display:flex;flex-wrap:wrap;gap:0 14px;margin:0 0 4px;font-size:13px;color:var(--faint)}
.key span{display:inline-flex;align-items:center;gap:6px}
.key svg{color:var(--ink)}.cells{image-rendering:pixelated}
.scale{display:grid;grid-template-columns:minmax(66px,auto) 1fr;gap:1px 8px;font-size:12.5px;color:var(--faint);margin:6px 0 0;align-items:center}
.scale i{height:9px;border-radius:2px}.ends{grid-column:2;display:flex;justify-content:space-between}
details{margin:0 0 14px}summary{cursor:pointer;padding:6px 0;color:var(--link)}
.film{display:grid;grid-template-columns:auto minmax(0,1fr);gap:4px 10px;max-width:560px;font-size:13px;color:var(--faint);margin:4px 0}
.film p{margin:0}.columns{display:flex}.columns span{flex:1;text-align:center}
.rows{display:flex;flex-direction:column;justify-content:space-around}.film img{width:100%;height:auto}
code{font-size:13px}footer{margin:22px 0 0;color:var(--faint);font-size:13px}
${MAPS}
@media print{section{break-inside:avoid-page;border:0}body{background:#fff}}`;

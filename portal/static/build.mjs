// Bundles css and js, makes the icon sprite of the icons in use, and writes hashed files with a manifest.
import * as esbuild from 'esbuild'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import zlib from 'node:zlib'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.resolve(here, '../..')
const out = path.join(here, 'dist')
const stage = `${out}.new`
fs.rmSync(stage, { recursive: true, force: true })
fs.mkdirSync(stage, { recursive: true })
const manifest = {}

const built = await esbuild.build({
  entryPoints: ['js/app.js', 'js/boot.js', 'css/app.css'].map(file => path.join(here, file)),
  bundle: true, minify: true, format: 'esm', target: ['chrome111', 'firefox113', 'safari16.4'],
  outdir: stage, outbase: here, entryNames: '[name]-[hash]', assetNames: '[name]-[hash]',
  loader: { '.woff2': 'file' }, metafile: true, logLevel: 'error', nodePaths: [path.join(root, 'node_modules')],
})
for (const [file, { entryPoint }] of Object.entries(built.metafile.outputs)) {
  if (entryPoint) manifest[path.basename(entryPoint)] = path.basename(file)
}

function* files(folder, ending) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && ending.test(entry.name)) yield path.join(entry.parentPath ?? entry.path, entry.name)
  }
}
const sources = [...files(path.join(root, 'templates'), /\.html$/), ...files(path.join(root, 'portal'), /\.(py|yaml)$/)]
const words = new Set(sources.flatMap(file => [...fs.readFileSync(file, 'utf8').matchAll(/["' ]([a-z][a-z0-9-]*)["'\n,}]/g)].map(match => match[1])))
let sprite = '<svg xmlns="http://www.w3.org/2000/svg">'
for (const icon of [...words].sort()) {
  const file = path.join(root, 'node_modules/@tabler/icons/icons/outline', `${icon}.svg`)
  if (!fs.existsSync(file)) continue
  const body = fs.readFileSync(file, 'utf8').replace(/<!--[\s\S]*?-->/g, '').replace(/^[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '').replace(/\s+/g, ' ').trim()
  sprite += `<symbol id="${icon}" viewBox="0 0 24 24">${body}</symbol>`
}
put('icons.svg', `${sprite}</svg>`)
put('icon.svg', fs.readFileSync(path.join(here, 'icon.svg')))

function put(name, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8)
  manifest[name] = name.replace(/(\.\w+)$/, `-${hash}$1`)
  fs.writeFileSync(path.join(stage, manifest[name]), content)
}
for (const file of fs.readdirSync(stage)) {
  if (/\.(js|css|svg)$/.test(file)) fs.writeFileSync(path.join(stage, `${file}.gz`), zlib.gzipSync(fs.readFileSync(path.join(stage, file)), { level: 9 }))
}
fs.writeFileSync(path.join(stage, 'manifest.json'), JSON.stringify(manifest, null, 1))
fs.rmSync(out, { recursive: true, force: true })
fs.renameSync(stage, out)
const size = name => fs.statSync(path.join(out, `${manifest[name]}.gz`)).size
console.log(`app.css ${size('app.css')} B, app.js ${size('app.js')} B, icons ${size('icons.svg')} B gzipped`)

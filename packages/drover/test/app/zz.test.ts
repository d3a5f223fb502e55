import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '/work/main/packages/drover/test/app/attempt-world.ts'
test('stress', async (t) => {
  const world = openWorld(t)
  let left = 0
  const one = async (i: number) => {
    const name = 'a' + i
    await world.launch(name, 'setsid sleep 1000 > /dev/null 2>&1 &\n true')
    await world.over(name)
    await world.system.end({ folder: world.folderOf(name), mark: world.markOf(name), graceMs: 1000 })
    const pids = await world.system.marked(world.markOf(name))
    await new Promise((r) => setTimeout(r, 30))
    const later = await world.system.marked(world.markOf(name))
    if (pids.length + later.length > 0) left++
    for (const pid of [...pids, ...later]) try { process.kill(pid, 'SIGKILL') } catch {}
  }
  for (let n = 0; n < 60; n++) await Promise.all(Array.from({ length: 8 }, (_, i) => one(n * 8 + i)))
  await new Promise((r) => setTimeout(r, 400))
  for (let i = 0; i < 320; i++) for (const pid of await world.system.marked(world.markOf('a' + i))) { left++; try { process.kill(pid, 'SIGKILL') } catch {} }
  console.log('left', left)
})

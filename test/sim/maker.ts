import type { CloudMaker } from '../contracts/cloud.ts'
import { simWorld } from './cloud.ts'

/** The simulated cloud, as the contract suites take it. */
export const simMaker: CloudMaker = {
  name: 'test/sim',
  async make() {
    const world = simWorld()
    return {
      open: async (role, options) => world.open(role, options),
      wait: (promise) => world.clock.until(promise),
      pass: (ms) => world.clock.advance(ms),
      launchable: { image: 'image', type: 'type', subnet: 'subnet', userData: '{}' },
      booted: async (instance) => world.boot(instance),
      die: async (instance) => world.die(instance),
      published: async () => world.notices.published,
      dispose: async () => undefined,
    }
  },
}

import { testCloud } from '../contracts/cloud.ts'
import { simMaker } from '../sim/maker.ts'
import { localMaker } from './local-maker.ts'

for (const maker of [simMaker, localMaker]) testCloud(maker)

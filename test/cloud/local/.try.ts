import { initLocal, openLocal } from '../../../cloud/local/open.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
const dir = mkdtempSync('/tmp/lt/d')
await initLocal(dir)
const cloud = await openLocal(dir,'agent',{machine:[process.execPath,'/tmp/lt/machine.mjs']})
for (let n=0;n<4;n++){
const i = await cloud.compute.launch({token:'t'+n,image:'a',type:'b',subnet:'c',userData:'{}',tags:{job:'a'.repeat(40),run:'r',attempt:'1',worker:'w',kind:'sample',unit:'u'}})
const t=performance.now()
let f:any; do { await cloud.clock.sleep(20); f=(await cloud.compute.describe()).find(x=>x.id===i.id) } while(performance.now()-t<5000 && f?.state!=='running')
const pid=Number(readFileSync(`${dir}/workers/${i.id}/machine/pid`,'utf8'))
const s=readFileSync(`/proc/${pid}/stat`,'latin1').split(') ')[1].split(' ')
console.log('wall',(performance.now()-t).toFixed(0),'cpu ms',(Number(s[11])+Number(s[12]))*10, readFileSync(`/proc/${pid}/status`,'utf8').match(/VmRSS.*/)?.[0])
await cloud.compute.terminate(i.id)
}
let t=performance.now(); for(let n=0;n<100;n++) await cloud.ledger.write({op:'o'+n,puts:[{pk:'a',sk:'s'+n,ifRev:0,body:{}}]}); console.log('ledger write',(performance.now()-t)/100)
t=performance.now(); for(let n=0;n<100;n++) await cloud.objects.put('ancillary','relay/a/1/beat.json',Buffer.from('x')); console.log('put',(performance.now()-t)/100)
t=performance.now(); for(let n=0;n<100;n++) await cloud.trail.append(n+1,'x'.repeat(300)); console.log('append',(performance.now()-t)/100)
t=performance.now(); for(let n=0;n<20;n++) await cloud.compute.describe(); console.log('describe',(performance.now()-t)/20)
t=performance.now(); for(let n=0;n<20;n++) await cloud.compute.remains('i-'+'0'.repeat(17)); console.log('remains',(performance.now()-t)/20)
await cloud.close(); rmSync(dir,{recursive:true})

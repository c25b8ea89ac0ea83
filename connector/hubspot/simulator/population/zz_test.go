package population_test
import ("testing";"time";"fmt";"leadsync/connector/hubspot/simulator";"leadsync/connector/hubspot/simulator/population")
func TestZZ(t *testing.T){
 s:=open(t,population.Options{Seed:42})
 st:=func(){ c:=map[string]int{}; for _,o:=range s.account.Objects(simulator.Contacts){k:=o.Properties["lifecyclestage"]; c[k]++; if k=="salesqualifiedlead"{c["  "+o.Properties["hs_lead_status"]]++}}; fmt.Println(len(s.account.Objects(simulator.Contacts)),c)}
 for i,o:=range s.account.Objects(simulator.Contacts){ if i%60==0{fmt.Println(o.Properties)}}
 for i,o:=range s.account.Objects(simulator.Companies){ if i%40==0{fmt.Println(o.Properties)}}
 st()
 for m:=0;m<4;m++{
 for d:=0;d<30;d++{ ds:=s.live(24*time.Hour,time.Hour,nil); if m==0{fmt.Print(len(ds)," ")}; if m==0&&d==2{for _,x:=range ds{fmt.Println(x.At.Format("Mon 15:04:05"),x.Kind,"|",x.Name,"|",x.What)}}}
 st()}
}

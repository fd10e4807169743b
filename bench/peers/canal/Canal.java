import ch.qos.logback.classic.Level;
import com.alibaba.otter.canal.filter.aviater.AviaterRegexFilter;
import com.alibaba.otter.canal.parse.inbound.mysql.MysqlEventParser;
import com.alibaba.otter.canal.parse.index.MemoryLogPositionManager;
import com.alibaba.otter.canal.parse.support.AuthenticationInfo;
import com.alibaba.otter.canal.protocol.CanalEntry;
import com.alibaba.otter.canal.protocol.position.EntryPosition;
import com.alibaba.otter.canal.sink.AbstractCanalEventSink;
import java.net.InetSocketAddress;
import java.util.List;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/**
 * Canal's parser with the work that the bench gives to everybody: count the rows, or UNLINK `row:{id}`. Settings are system
 * properties; prints the seconds that the second half of the backlog took.
 */
public class Canal {
  static final String TABLE = System.getProperty("table");
  static final long TOTAL = Long.getLong("rows");
  static final boolean UNLINKS = System.getProperty("work").equals("unlink");
  static long rows = 0;
  static long syncedRows = 0;
  static long halfRows = 0;
  static long halfAt = 0;
  static Pipeline pipeline = null;

  public static void main(String[] args) throws Exception {
    ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger("ROOT")).setLevel(Level.WARN);
    if (UNLINKS) pipeline = new Jedis(System.getProperty("redis")).pipelined();
    MysqlEventParser parser = new MysqlEventParser();
    parser.setDestination("bench");
    parser.setSlaveId(4_100_000L + ProcessHandle.current().pid() % 100_000);
    parser.setDetectingEnable(false);
    parser.setConnectionCharset("UTF-8");
    // On several threads, as its server is configured by default, or on one, which may be faster where cores are few.
    parser.setParallel(Boolean.getBoolean("parallel"));
    parser.setMasterInfo(new AuthenticationInfo(
        new InetSocketAddress(System.getProperty("host"), Integer.getInteger("port")),
        System.getProperty("user"), System.getProperty("password")));
    EntryPosition from = new EntryPosition(System.getProperty("file"), Long.getLong("offset"));
    parser.setMasterPosition(from);
    MemoryLogPositionManager positions = new MemoryLogPositionManager();
    positions.start();
    parser.setLogPositionManager(positions);
    parser.setEventFilter(new AviaterRegexFilter(TABLE.replace(".", "\\.")));
    parser.setEventSink(new Sink());
    parser.start();
    System.err.println("ready");
    Thread.sleep(Long.MAX_VALUE);
  }

  static class Sink extends AbstractCanalEventSink<List<CanalEntry.Entry>> {
    @Override
    // Called by the thread of the heart beat, too.
    public synchronized boolean sink(List<CanalEntry.Entry> entries, InetSocketAddress from, String destination) {
      try {
        for (CanalEntry.Entry entry : entries) {
          if (entry.getEntryType() == CanalEntry.EntryType.ROWDATA) take(CanalEntry.RowChange.parseFrom(entry.getStoreValue()));
        }
        // It comes with one transaction at a time: waiting for an answer after each would be all that is measured.
        if (UNLINKS && (rows - syncedRows >= 500 || rows >= TOTAL)) {
          pipeline.sync();
          syncedRows = rows;
        }
        if (rows >= TOTAL) finish();
        return true;
      } catch (Exception error) {
        error.printStackTrace();
        System.exit(1);
        return false;
      }
    }
  }

  static void take(CanalEntry.RowChange change) {
    for (CanalEntry.RowData row : change.getRowDatasList()) {
      if (UNLINKS) pipeline.unlink("row:" + row.getAfterColumnsList().get(0).getValue());
      rows++;
    }
    if (halfAt == 0 && rows >= TOTAL / 2) {
      halfRows = rows;
      halfAt = System.nanoTime();
    }
  }

  static void finish() {
    double share = (double) (rows - halfRows) / rows;
    System.out.println("{\"share\":" + share + ",\"seconds\":" + (System.nanoTime() - halfAt) / 1e9 + "}");
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}

import java.io.File;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.Security;
import javax.imageio.ImageIO;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.ofdrw.converter.ImageMaker;
import org.ofdrw.reader.OFDReader;
import org.ofdrw.sign.verify.OFDValidator;
import org.ofdrw.sign.verify.container.SESV4ValidateContainer;

/** Judges an OFD's seals and draws its first page: Judge FILE.ofd PAGE.png; prints VALID or what is wrong. */
public class Judge {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Path file = Paths.get(arguments[0]);
        try (OFDReader reader = new OFDReader(file); OFDValidator validator = new OFDValidator(reader)) {
            validator.setValidator(new SESV4ValidateContainer());
            validator.exeValidate();
            System.out.println("VALID");
        } catch (Exception refusal) {
            System.out.println("REFUSED " + refusal);
            return;
        }
        try (OFDReader reader = new OFDReader(file)) {
            ImageIO.write(new ImageMaker(reader, 6).makePage(0), "PNG", new File(arguments[1]));
        }
    }
}
